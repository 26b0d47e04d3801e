/** A plot of `report/`, drawn anew whenever what it shows changes. */

import { type PlotOptions, plot } from '../../src/report/plot.ts'
import { inlineSvg } from '../../src/report/svg.ts'
import { trustedMarkup } from '../frame/trusted.ts'

interface PlotProps extends PlotOptions {
  /** What it shows, in a sentence, for those who do not see it. */
  readonly label: string
}

export const Plot = ({ label, ...options }: PlotProps) => (
  <div
    class="plot"
    dangerouslySetInnerHTML={{ __html: trustedMarkup(inlineSvg(plot(options), label)) }}
  />
)
