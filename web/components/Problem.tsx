/** What went wrong, with a way to tell others. */

import { messageOf } from '../../src/errors/index.ts'
import { visible } from '../../src/text/visible.ts'

export const Problem = ({ error }: { readonly error: unknown }) => {
  const text = visible(messageOf(error), 1000)
  return (
    <p class="problem" role="alert">
      <span>{text}</span>
      <button type="button" onClick={() => navigator.clipboard.writeText(text)}>
        Copy
      </button>
    </p>
  )
}
