// A page whose worker computes for whoever asks it.
new Worker(new URL('./remoteWorker.js', import.meta.url), { type: 'module' })
