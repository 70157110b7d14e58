/** Mermaid itself, in Chromium, reads and draws what is written for it, and shows the words that were meant. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mermaid } from '../../src/diagram/script/mermaid.ts'
import { HOSTILE, scripted } from '../diagram/scripted.ts'
import { lacksBrowser, withPage } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }
const MERMAID = fileURLToPath(
  new URL('../../../node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js', import.meta.url),
)

interface Drawn {
  readonly error: string | null
  /** The words of the picture. */
  readonly words: string
}

interface Globals {
  readonly mermaid: Mermaid
  readonly DOMParser: new () => {
    parseFromString(text: string, type: string): { body: { textContent: string | null } }
  }
}

interface Mermaid {
  initialize(options: object): void
  parse(text: string): Promise<unknown>
  render(id: string, text: string): Promise<{ svg: string }>
}

test('every scenario, captures, and hostile words are parsed and drawn', skip, async () => {
  const all = await scripted()
  const texts = all.map(({ events, options }) => mermaid(events, options))
  const wrong = 'sequenceDiagram\n  this is no step'
  const drawn = await withPage([], async (page) => {
    await page.addScriptTag({ content: readFileSync(MERMAID, 'utf8') })
    return await page.evaluate(
      async (given): Promise<Drawn[]> => {
        const { mermaid, DOMParser } = globalThis as unknown as Globals
        const drawn: Drawn[] = []
        mermaid.initialize({ startOnLoad: false })
        for (const [k, text] of given.entries()) {
          try {
            await mermaid.parse(text)
            const { svg } = await mermaid.render(`picture${k}`, text)
            const words = new DOMParser().parseFromString(svg, 'text/html').body.textContent
            drawn.push({ error: null, words: words ?? '' })
          } catch (error) {
            drawn.push({ error: String(error), words: '' })
          }
        }
        return drawn
      },
      [...texts, wrong],
    )
  })
  assert.notEqual(drawn.pop()!.error, null)
  for (const [k, { name }] of all.entries()) {
    assert.equal(drawn[k]!.error, null, `${name}: ${drawn[k]!.error}\n${texts[k]}`)
    assert.doesNotMatch(drawn[k]!.words, /Maximum text size/, name)
  }
  const wordsOf = (name: string): string => drawn[all.findIndex((each) => each.name === name)]!.words
  assert.match(wordsOf('classic'), /SYN seq 0 win 5000 <mss 512>/)
  for (const k of [1, 3, 4]) assert.ok(wordsOf(`hostile-${k}`).includes(HOSTILE[k]!), wordsOf(`hostile-${k}`))
})
