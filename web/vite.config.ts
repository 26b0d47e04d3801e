/** The page's build: relative addresses, workers as files, styles with the reports' colors. */

import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { chosenColors } from '../src/report/colors.ts'

/** `virtual:report.css`: the colors and figures of reports, from the one place that has them. */
const reportStyle: Plugin = {
  name: 'report-style',
  resolveId: id => (id === 'virtual:report.css' ? id : undefined),
  load: id => (id === 'virtual:report.css' ? chosenColors() : undefined),
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [reportStyle],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    // An address is a file of this host: a strict policy runs no `data:`.
    assetsInlineLimit: 0,
    target: 'es2022',
    chunkSizeWarningLimit: 30_000,
  },
})
