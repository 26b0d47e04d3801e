/** Train here: images, a network, a training; one, or two attentions on the same batches. */

import { signal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Choice } from '../components/Choice.tsx'
import { address, goTo } from '../frame/address.ts'
import { openChannel } from '../frame/channel.ts'
import { engineInUse } from '../frame/engine.ts'
import { expose } from '../frame/expose.ts'
import { readState, writeState } from '../frame/state.ts'
import { startWorker } from '../frame/trusted.ts'
import { FIELDS, type TrainState } from './address.ts'
import { Curves } from './Curves.tsx'
import { Field } from './Field.tsx'
import { ImagesBox } from './ImagesBox.tsx'
import { gather } from './images.ts'
import { type TrainModel, trainModel } from './model.ts'
import { TrainingPanel } from './TrainingPanel.tsx'
import { TryIt } from './TryIt.tsx'
import workerUrl from './worker.ts?worker&url'

const ATTENTIONS = [
  '',
  'se:reduction=8',
  'sk',
  'gct',
  'eca',
  'cbam',
  'ge',
  'srm',
  'gc',
  'simam',
  'ca',
]
const MODELS = ['resnet8', 'resnet14', 'resnet20', 'resnet32', 'mobilenet', 'shufflenetv2_0_5']
const ENGINES = {
  auto: 'GPU where there is one',
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
}
const DATA = { shapes: 'shapes', images: 'my images' }

const state = signal<TrainState | undefined>(undefined)
const notices = signal<readonly string[]>([])
const models = signal<readonly TrainModel[]>([])
const gathering = gather()

const begin = (own: TrainState): void => {
  for (const model of models.peek()) model.close()
  const data =
    own.data === 'shapes'
      ? { shapes: { train: own.images, test: Math.max(20, Math.round(own.images / 5)) } }
      : { samples: gathering.samples() }
  const { model, size, epochs, batch, seed } = own
  const settings = { model, size, epochs, batch, seed, learningRate: own.rate }
  const attentions = own.other === '' ? [own.attention] : [own.attention, own.other]
  models.value = attentions.map(attention =>
    trainModel(openChannel(startWorker(workerUrl)), {
      settings: { ...settings, attention: attention === 'none' ? '' : attention },
      data,
      engine: own.engine,
    }),
  )
  expose('train', models.value)
}

const NUMBERS = [
  { key: 'size', label: 'size (pixels)' },
  { key: 'epochs', label: 'epochs' },
  { key: 'batch', label: 'batch' },
  { key: 'rate', label: 'learning rate' },
  { key: 'seed', label: 'seed' },
] as const

const Form = ({ own }: { readonly own: TrainState }) => {
  const change = (part: Partial<TrainState>): void => {
    state.value = { ...own, ...part }
  }
  const setNumber = (key: keyof TrainState, text: string): void => {
    const { state: read, notices: said } = readState(FIELDS, {
      ...writeState(FIELDS, own),
      [key]: text,
    })
    notices.value = said
    state.value = read
  }
  return (
    <form
      class="boxes"
      onSubmit={event => {
        event.preventDefault()
        begin(own)
      }}
    >
      <section class="panel">
        <h2>1 Images</h2>
        <Choice
          label="what"
          value={own.data}
          names={['shapes', 'images'] as const}
          titles={DATA}
          onChange={data => change({ data })}
        />
        {own.data === 'shapes' ? (
          <Field label="how many" value={own.images} onChange={text => setNumber('images', text)} />
        ) : (
          <ImagesBox gathering={gathering} />
        )}
      </section>
      <section class="panel">
        <h2>2 Network</h2>
        <datalist id="models">
          {MODELS.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <datalist id="attentions">
          {ATTENTIONS.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field
          label="backbone"
          value={own.model}
          list="models"
          onChange={model => change({ model })}
        />
        <Field
          label="attention"
          value={own.attention}
          list="attentions"
          onChange={attention => change({ attention })}
        />
        <Field
          label="compare with"
          value={own.other}
          list="attentions"
          onChange={other => change({ other })}
        />
        <p class="small faint">
          Any backbone and attention of the package, as on the command line; empty is none, “none”
          compares with the plain network.
        </p>
      </section>
      <section class="panel">
        <h2>3 Training</h2>
        <div class="fields">
          {NUMBERS.map(({ key, label }) => (
            <Field
              key={key}
              label={label}
              value={own[key]}
              onChange={text => setNumber(key, text)}
            />
          ))}
          <Choice
            label="engine"
            value={own.engine}
            names={['auto', 'webgpu', 'wasm'] as const}
            titles={ENGINES}
            onChange={engine => change({ engine })}
          />
        </div>
        <button type="submit" class="main">
          {own.other === '' ? 'Train' : 'Train both'}
        </button>
      </section>
    </form>
  )
}

const Results = () => {
  const own = models.value
  if (own.length === 0)
    return (
      <p class="panel loading">
        Press Train: with the settings as they are, a network learns ten shapes in about a minute.
        It starts from nothing, in a worker of this page; the engine for WebAssembly, 3 MB
        compressed, is fetched from this host when it is first needed.
      </p>
    )
  const isReady = own.every(({ status }) => ['paused', 'done'].includes(status.value))
  return (
    <>
      <Curves models={own} />
      <p class="small faint">
        Small dots: each step; line: smoothed; large dots: loss on test images after each epoch.
        {own.length > 1 &&
          ' Both see the same batches in the same order, and share this machine: neither is as fast as alone. One seed; a difference of a few points is chance.'}
      </p>
      <div class="halves">
        {own.map((model, i) => (
          <TrainingPanel key={i} model={model} />
        ))}
      </div>
      {isReady && <TryIt models={own} />}
    </>
  )
}

const isUnsaved = (): boolean => models.peek().some(({ rows }) => rows.peek().length > 0)

const TrainView = () => {
  if (state.peek() === undefined) {
    const read = readState(FIELDS, address.peek().query)
    state.value = read.state
    notices.value = read.notices
  }
  useSignalEffect(() => {
    if (state.value) goTo({ path: 'train', query: writeState(FIELDS, state.value) }, true)
  })
  useSignalEffect(() => {
    const name = models.value[0]?.opened.value?.engine
    if (name !== undefined) engineInUse.value = name
  })
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (isUnsaved()) event.preventDefault()
    }
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [])
  return (
    <>
      <h1>Train a network here</h1>
      {notices.value.map(text => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
      <div class="inside">
        {state.value && <Form own={state.value} />}
        <div class="right">
          <Results />
        </div>
      </div>
    </>
  )
}
export default TrainView
