/** The views by their paths, each loaded when it is first shown. */

import type { ComponentType } from 'preact'
import { token } from './frame/served.ts'

export interface View {
  readonly path: string
  readonly title: string
  /** What it is for, for the title of its tab. */
  readonly describe: string
  load(): Promise<{ readonly default: ComponentType }>
  /** Whether it is there; always unless said. */
  readonly isThere?: boolean
}

export const VIEWS: readonly View[] = [
  {
    path: 'inside',
    title: 'Look inside',
    describe: 'What a network with channel attention does as its picture changes',
    load: () => import('./inside/InsideView.tsx'),
  },
  {
    path: 'train',
    title: 'Train',
    describe: 'Train a network here, on shapes, a folder of pictures or the camera',
    load: () => import('./train/TrainView.tsx'),
  },
  {
    path: 'runs',
    title: 'Runs',
    describe: 'The trainings of this machine',
    load: () => import('./runs/RunsView.tsx'),
    isThere: token !== undefined,
  },
  {
    path: 'about',
    title: 'About',
    describe: 'What this page is, what this browser can do, and its keys',
    load: () => import('./about/AboutView.tsx'),
  },
].filter(({ isThere = true }) => isThere)

/** The view of a path; the first for what there is none for. */
export const viewOf = (path: string): View =>
  VIEWS.find(view => view.path === path.split('/')[0]) ?? VIEWS[0]
