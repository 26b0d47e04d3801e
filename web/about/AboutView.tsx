/** What the page is, what this browser can do for it, and how it is used by keys. */

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** What decides how fast it goes, and what is missing. */
const abilities = async (): Promise<readonly (readonly [string, string])[]> => {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  const fallback = adapter?.info.isFallbackAdapter ? ', by software: WebAssembly is faster' : ''
  return [
    ['WebGPU', adapter ? `${adapter.info.vendor} ${adapter.info.architecture}${fallback}` : 'none'],
    [
      'threads for WebAssembly',
      crossOriginIsolated
        ? `${navigator.hardwareConcurrency}`
        : 'one: this host does not isolate the page',
    ],
    [
      'camera',
      isSecureContext && 'mediaDevices' in navigator
        ? 'can be asked for'
        : 'none: it needs https or localhost',
    ],
  ]
}

const AboutView = () => {
  const found = useSignal<readonly (readonly [string, string])[]>([])
  useEffect(() => {
    void abilities().then(rows => {
      found.value = rows
    })
  }, [])
  return (
    <>
      <h1>About this page</h1>
      <p>
        Excite describes, trains and inspects networks with channel attention: SE, SK, GCT and their
        relatives. This page is made of files that any host can serve, or none: pictures, models and
        trained networks stay in this browser, and its policy lets it connect to no other host.
      </p>
      <h2>This browser</h2>
      <table>
        <tbody>
          {found.value.map(([name, text]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
export default AboutView
