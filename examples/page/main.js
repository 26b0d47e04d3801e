/**
 * A page that classifies an image which is dropped on it. Nothing is uploaded: the model runs here.
 *
 *   npm install excite onnxruntime-web vite
 *   cp runs/flowers/model.onnx public/       by excite train, or excite export
 *   npx vite
 */

import { openClassifier } from 'excite/browser'

const find = selector => document.querySelector(selector)
const say = text => {
  find('#status').textContent = text
}

const classifier = await openClassifier('model.onnx').catch(error => {
  say(`The model cannot be opened: ${error.message}`)
  throw error
})
say(`Ready: it knows ${classifier.classes.length} classes.`)

const row = ({ label, probability }) => {
  const text = document.createElement('div')
  text.textContent = `${label} ${(100 * probability).toFixed(1)} %`
  const meter = Object.assign(document.createElement('meter'), { value: probability })
  text.append(meter)
  return text
}

const show = async file => {
  if (file === undefined) return
  say('Looking …')
  try {
    const guesses = await classifier.classify(file, { top: 3 })
    const image = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name })
    find('#answer').replaceChildren(image, ...guesses.map(row))
    say(`${file.name}: ${guesses[0].label}`)
  } catch (error) {
    find('#answer').replaceChildren()
    say(`${file.name} cannot be read: ${error.message}`)
  }
}

find('input').addEventListener('change', event => show(event.target.files[0]))
addEventListener('dragover', event => event.preventDefault())
addEventListener('drop', event => {
  event.preventDefault()
  show(event.dataTransfer.files[0])
})
