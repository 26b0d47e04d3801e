/** The camera as a switch of a view: while it is on, one frame after the other is shown. */

import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Camera, openCamera } from './camera.ts'

export interface CameraSwitch {
  readonly isLive: ReadonlySignal<boolean>
  /** Ends when the camera is stopped; throws where there is none, or where a frame cannot be shown. */
  start(): Promise<void>
  stop(): void
}

/** @param interval - milliseconds between a frame that was shown and the next */
export const useCamera = (
  show: (camera: Camera) => void | Promise<void>,
  interval: number,
): CameraSwitch => {
  const camera = useRef<Camera | undefined>(undefined)
  const isLive = useSignal(false)
  const stop = (): void => {
    camera.current?.stop()
    camera.current = undefined
    isLive.value = false
  }
  useEffect(() => stop, [])
  const start = async (): Promise<void> => {
    try {
      const own = await openCamera()
      camera.current = own
      isLive.value = true
      while (camera.current === own) {
        await show(own)
        await new Promise(resolve => setTimeout(resolve, interval))
      }
    } catch (error) {
      stop()
      throw error
    }
  }
  return { isLive, start, stop }
}
