/** What help and lists say of attention: every name, every option, within the width of a page. */

import { describe, expect, it } from 'vitest'
import { ATTENTIONS, attentionNames, optionsOf } from '../attention/catalog.ts'
import { parseAttention } from '../attention/registry.ts'
import { ATTENTION_HELP, attentionRow, attentionText } from './attentionHelp.ts'

/** The part of the help between a name and the next. */
const partOf = (name: string): string =>
  new RegExp(`^  ${name} .*(?:\\n {4,}.*)*`, 'm').exec(ATTENTION_HELP)?.[0] ?? expect.fail(name)

describe.each(attentionNames)('%s', name => {
  it('has all its options in the help and in the list', () => {
    for (const option of Object.keys(ATTENTIONS[name].options)) {
      expect(partOf(name)).toContain(option)
      expect(attentionText(name, 'standard')).toContain(option)
    }
    expect(Object.keys(attentionRow(name).options)).toEqual(
      Object.keys(optionsOf(ATTENTIONS[name])),
    )
  })

  it('is the kind that it is listed as', () => {
    expect(parseAttention(name).attention.kind).toBe(attentionRow(name).kind)
  })
})

it('the help fits a page', () => {
  const widest = Math.max(...ATTENTION_HELP.split('\n').map(line => line.length))
  expect(widest).toBeLessThanOrEqual(100)
  expect(partOf('gct').split('\n').length).toBe(2)
})
