/** Look inside: a picture that is dragged, and what the network's attention does meanwhile. */

import { signal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Choice } from '../components/Choice.tsx'
import { Probabilities } from '../components/Probabilities.tsx'
import { Problem } from '../components/Problem.tsx'
import { address, goTo } from '../frame/address.ts'
import { openChannel } from '../frame/channel.ts'
import { expose } from '../frame/expose.ts'
import { readState, writeState } from '../frame/state.ts'
import { startWorker } from '../frame/trusted.ts'
import { FIELDS, SHIPPED } from './address.ts'
import { Controls } from './Controls.tsx'
import { Gates } from './Gates.tsx'
import { type InsideModel, insideModel } from './model.ts'
import { NetworkRow } from './NetworkRow.tsx'
import { PictureSource } from './PictureSource.tsx'
import { SelectionOverScale } from './SelectionOverScale.tsx'
import { Stage } from './Stage.tsx'
import { whatItCosts, whatItSays, whatToSee } from './sentence.ts'
import workerUrl from './worker.ts?worker&url'

const fetchFile = async (path: string): Promise<Uint8Array> => {
  const response = await fetch(path)
  if (!response.ok) throw new TypeError(`${path}: HTTP status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

const notices = signal<readonly string[]>([])
let current: InsideModel | undefined

/** The one model; it lives as long as the page, so that leaving the view loses nothing. */
const open = (): InsideModel => {
  if (current !== undefined) return current
  const { state, notices: said } = readState(FIELDS, address.peek().query)
  notices.value = said
  current = insideModel(openChannel(startWorker(workerUrl)), fetchFile, state)
  void current.open(state.net)
  return current
}

/** Back and links change what is shown. */
const follow = (model: InsideModel): void => {
  const { path, query } = address.value
  if (path !== 'inside' && path !== '') return
  const { state } = readState(FIELDS, query)
  if (Object.keys(query).length > 0 && state.net !== model.state.peek().net)
    void model.open(state.net)
}

const Answers = ({ model }: { readonly model: InsideModel }) => {
  const network = model.network.value
  const answer = model.answer.value
  if (network === undefined || answer === undefined)
    return <p class="panel loading">The network is being read …</p>
  const { info, measured } = network
  const before = model.before.value
  const off = model.off.value
  const truth = model.image.value === undefined ? model.state.value.class : undefined
  const cost = measured && whatItCosts(info, measured, off)
  return (
    <>
      {measured && (
        <p class="see">
          <b>See:</b> {whatToSee(info, measured)}
        </p>
      )}
      <div class="answers">
        <section class="panel">
          <h2>{whatItSays(info.classes, answer, truth)}</h2>
          <Probabilities
            classes={info.classes}
            values={answer.probabilities}
            before={before?.probabilities}
          />
        </section>
        <section class="panel">
          <h2>Channels, block by block</h2>
          {info.blocks.length === 0 && <p>No attention was found in this network.</p>}
          {info.blocks.map((block, i) => (
            <Gates
              key={block.path}
              block={block}
              values={answer.gates[i]}
              before={before?.gates[i]}
              usual={measured?.blocks.find(({ path }) => path === block.path)?.mean}
              isOff={off.includes(block.path)}
            />
          ))}
          <p class="small faint">
            Bars: now. Dark marks: the mean over the test images, which also orders the channels.
            {before && ' Orange marks: before the last change.'}
          </p>
        </section>
      </div>
      {info.blocks.some(({ kind }) => kind === 'selection') && model.image.value === undefined && (
        <SelectionOverScale model={model} info={info} measured={measured} />
      )}
      {info.canSwitch && info.blocks.length > 0 && (
        <NetworkRow model={model} info={info} measured={measured} />
      )}
      {cost && <p class="see">{cost}</p>}
      <p class="small faint number">
        {info.parameters !== undefined && `${info.parameters.toLocaleString('en')} parameters, `}
        {measured && `${(100 * measured.top1).toFixed(1)} % right on test images, `}a picture takes{' '}
        {answer.milliseconds.toFixed(0)} ms
      </p>
    </>
  )
}

const InsideView = () => {
  const model = open()
  useSignalEffect(() => follow(model))
  useSignalEffect(() => {
    if (model.network.value?.file !== undefined) return
    goTo({ path: 'inside', query: writeState(FIELDS, model.state.value) }, true)
  })
  useEffect(() => expose('inside', model), [model])
  const { state, failure, network } = model
  const file = network.value?.file
  return (
    <>
      <h1>Look inside a network with attention</h1>
      {notices.value.map(text => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
      {failure.value !== undefined && <Problem error={failure.value} />}
      <div class="inside">
        <div class="left">
          <Choice
            label="network"
            value={file ?? state.value.net}
            names={file === undefined ? SHIPPED : [file, ...SHIPPED]}
            onChange={name => void model.open(name)}
          />
          <Stage model={model} />
          <label>
            <input
              type="checkbox"
              checked={state.value.cam}
              onChange={event => model.change({ cam: event.currentTarget.checked })}
            />
            Grad-CAM over the picture
          </label>
          {model.image.value === undefined && <Controls model={model} />}
          <PictureSource model={model} />
        </div>
        <div class="right">
          <Answers model={model} />
        </div>
      </div>
    </>
  )
}
export default InsideView
