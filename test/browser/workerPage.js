// A page that has its worker train.
window.train = engine =>
  new Promise(resolve => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }) => {
      worker.terminate()
      resolve(data)
    }
    worker.onerror = ({ message }) => resolve({ error: message })
    worker.postMessage(engine)
  })
