// A worker of a user's page: trains by the engine that it is told, and answers with the losses.
import { data, engines, models, training } from 'excite/browser'
import { fiftySteps } from './fiftySteps.ts'

self.onmessage = async ({ data: name }) => {
  try {
    self.postMessage({
      losses: await fiftySteps({ data, models, training }, engines[name]),
      version: await engines[name].version(),
    })
  } catch (error) {
    self.postMessage({ error: `${error}` })
  }
}
