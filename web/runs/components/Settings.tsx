/** Settings of runs: all of one, or what differs between some, side by side. */

import type { RunDetails } from '../../../src/ui/protocol.ts'
import { named } from '../format.ts'
import { differences, settingsOf } from '../models/details.ts'

const MISSING = '–'

export const Differences = ({ runs }: { readonly runs: readonly RunDetails[] }) => {
  const rows = differences(runs.map(({ config }) => config))
  return (
    <section aria-label="Settings that differ" class="panel">
      <h2>Settings that differ</h2>
      {rows.length === 0 ? (
        <p class="faint small">None: the runs were begun alike.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <section class="scroll" aria-label="a table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">setting</th>
                {runs.map(({ summary }, i) => (
                  <th key={summary.id} scope="col" class={`c${i % 7}`}>
                    <span class="swatch" aria-hidden="true" />
                    {named(summary.name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([setting, values]) => (
                <tr key={setting}>
                  <th scope="row">{named(setting)}</th>
                  {values.map((value, i) => (
                    <td key={i}>{value === undefined ? MISSING : named(value)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

export const Settings = ({ run }: { readonly run: RunDetails }) => (
  <section aria-label="Settings">
    <h2>Settings</h2>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
    <section class="scroll" aria-label="all settings, a table" tabIndex={0}>
      <table>
        <tbody>
          {settingsOf(run.config).map(([setting, value]) => (
            <tr key={setting}>
              <th scope="row">{named(setting)}</th>
              <td>{named(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  </section>
)
