/** The path of the layer being traced: names nodes, and says where an error happened. */

let path = ''

/** The layer path of whatever is being traced now; `''` outside any layer. */
export const currentPath = (): string => path

/** Traces a function one level deeper: nodes made inside carry the longer path. */
export const scope = <Result>(name: string, trace: () => Result): Result => {
  const outer = path
  path = outer === '' ? name : `${outer}.${name}`
  try {
    return trace()
  } finally {
    path = outer
  }
}
