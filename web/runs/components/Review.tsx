/** What a run's network gets wrong: which class for which, and the images that it is most wrong about. */

import type { GalleryImage } from '../../../src/report/gallery.ts'
import type { Matrix } from '../../../src/report/matrix.ts'
import { count } from '../../../src/text/numbers.ts'
import type { RunReview } from '../../../src/ui/protocol.ts'
import { named } from '../format.ts'

/** Text stays readable on the strongest of them. */
const STRONGEST = 60

/** An image of a run's own file: nothing else is loaded. */
const sourceOf = (source: string): string =>
  source.startsWith('data:image/png;base64,') ? source : ''

const Cell = (props: { readonly value: number; readonly total: number; readonly own: boolean }) => {
  const { value, total, own } = props
  const strength = total === 0 ? 0 : Math.round((STRONGEST * value) / total)
  const color = own ? '--right' : '--wrong'
  const background = `color-mix(in srgb, var(${color}) ${strength}%, transparent)`
  return (
    <td class={own ? 'own' : ''} style={value === 0 ? {} : { background }}>
      {value === 0 ? '' : count(value)}
    </td>
  )
}

const Confusion = ({ matrix }: { readonly matrix: Matrix }) => (
  <section aria-label="Confusion matrix">
    <h2>Which class is taken for which</h2>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
    <section class="scroll" aria-label="the matrix, a table" tabIndex={0}>
      <table class="matrix">
        <thead>
          <tr>
            <th>
              {named(matrix.rows)} ↓ {named(matrix.columns)} →
            </th>
            {matrix.names.map((name, i) => (
              <th key={i} scope="col">
                <span>{named(name)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.counts.map((row, i) => {
            const total = row.reduce((sum, value) => sum + value, 0)
            return (
              <tr key={i}>
                <th scope="row">{named(matrix.names[i])}</th>
                {row.map((value, k) => (
                  <Cell key={k} value={value} total={total} own={i === k} />
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  </section>
)

const Gallery = ({ images }: { readonly images: readonly GalleryImage[] }) => (
  <ul class="gallery">
    {images.map((image, i) => (
      <li key={i}>
        <img class="pixels" src={sourceOf(image.source)} alt="" width="96" height="96" />
        {image.lines.map((line, k) => (
          <span key={k}>{named(line)}</span>
        ))}
        <span class="faint">{named(image.name)}</span>
      </li>
    ))}
  </ul>
)

export const Review = ({ review }: { readonly review: RunReview | undefined }) => {
  if (review === undefined)
    return (
      <p class="faint">
        What it gets wrong is shown here after the first epoch; of runs trained by earlier versions,
        it is in their report.html.
      </p>
    )
  const { findings, epoch, images } = review
  return (
    <>
      <section aria-label="Most wrong images">
        <h2>Most wrong images</h2>
        <p class="small faint">
          {findings.wrong === 0
            ? `None of ${count(images)} is wrong, as of epoch ${epoch}.`
            : `${count(findings.wrong)} of ${count(images)} are wrong, as of epoch ${epoch}; those first whose own class has the least probability.`}
        </p>
        <Gallery images={findings.images} />
      </section>
      {findings.matrix !== undefined && <Confusion matrix={findings.matrix} />}
    </>
  )
}
