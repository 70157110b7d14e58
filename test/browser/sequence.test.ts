/**
 * Sequence diagrams in Chromium: they are well-formed XML, their words are no wider than the layout thinks, and no two of
 * them overlap on the screen.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { labelsOf } from '../../src/diagram/sequence/sequence-layout.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { lacksBrowser, withPage } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

interface Measured {
  /** What the parser of XML says, '' if nothing. */
  readonly error: string
  readonly width: number
  readonly height: number
  /** Left, top, right, bottom of each text, and the words. */
  readonly texts: readonly (readonly [number, number, number, number, string])[]
}

/** As text: the tests know nothing of a page's document. */
const MEASURE = `(source) => {
  const parsed = new DOMParser().parseFromString(source, 'image/svg+xml')
  const error = parsed.querySelector('parsererror')?.textContent ?? ''
  document.body.replaceChildren(document.importNode(parsed.documentElement, true))
  const svg = document.querySelector('svg')
  const origin = svg.getBoundingClientRect()
  const texts = [...svg.querySelectorAll('text')].map((text) => {
    const { left, top, right, bottom } = text.getBoundingClientRect()
    return [left - origin.left, top - origin.top, right - origin.left, bottom - origin.top, text.textContent]
  })
  return { error, width: origin.width, height: origin.height, texts }
}`

const measure = (page: Page, svg: string): Promise<Measured> =>
  page.evaluate(`(${MEASURE})(${JSON.stringify(svg)})`)

interface Said {
  readonly title: string
  readonly description: string
  readonly times: readonly number[]
  readonly labels: readonly string[]
  readonly titles: readonly string[]
}

const SAID = `(() => {
  const items = [...document.querySelectorAll('[role=list] > [role=listitem]')]
  return {
    title: document.querySelector('svg > title')?.textContent ?? '',
    description: document.querySelector('svg > desc')?.textContent ?? '',
    times: items.map((item) => Number(item.getAttribute('data-at'))),
    labels: items.map((item) => item.getAttribute('aria-label') ?? ''),
    titles: items.map((item) => item.querySelector('title')?.textContent ?? ''),
  }
})()`

/** The boxes of lines of text touch: what counts is where the letters are, a little within them. */
const SHRUNK = 2.5

test('every scenario is well-formed, and no two texts of it overlap on the screen', skip, async () => {
  await withPage([], async (page) => {
    for (const scenario of SCENARIOS) {
      const { events, addresses } = runScenario(scenario, {})
      const options = { addresses, title: scenario.title, scheme: 'light' } as const
      const told = story(events, { oneConnection: scenario.onePicture === true })
      const { error, width, height, texts } = await measure(page, sequenceDiagram(told, options))
      assert.equal(error, '', scenario.name)
      const layout = layoutSequence(told, options)
      const lines = labelsOf(layout).flatMap(({ lines: each }) => each)
      assert.equal(texts.length, lines.length, scenario.name)
      assert.deepEqual([width, height], [layout.width, layout.height], scenario.name)
      assertNoWider(scenario.name, layout, texts)
      assertApart(scenario.name, texts)
    }
  })
})

type Text = Measured['texts'][number]

/** By their words: the boxes of the layout are at least as wide as what is on the screen. */
function assertNoWider(
  name: string,
  layout: ReturnType<typeof layoutSequence>,
  texts: readonly Text[],
): void {
  const widths = new Map<string, number>()
  for (const { box, lines } of labelsOf(layout)) {
    for (const { runs } of lines) {
      const words = runs.map(({ text }) => text).join('')
      widths.set(words, Math.max(widths.get(words) ?? 0, box.width))
    }
  }
  for (const [left, , right, , words] of texts) {
    const most = widths.get(words)
    assert.ok(most !== undefined, `${name}: "${words}" is not in the layout`)
    assert.ok(right - left <= most + 0.5, `${name}: "${words}" is ${right - left} wide, estimated ${most}`)
  }
}

function assertApart(name: string, texts: readonly Text[]): void {
  const sorted = [...texts].sort((a, b) => a[1] - b[1])
  sorted.forEach(([left, , right, bottom, words], k) => {
    for (let next = k + 1; next < sorted.length; next++) {
      const [otherLeft, otherTop, otherRight, , other] = sorted[next]!
      if (otherTop + SHRUNK >= bottom - SHRUNK) break
      const apart = otherRight <= left || right <= otherLeft
      assert.ok(apart, `${name}: "${words}" and "${other}" overlap`)
    }
  })
}

test('names, remarks and reasons of others cannot break out of the picture', skip, async () => {
  const [scenario] = SCENARIOS
  const evil = '<script>alert(1)</script>"\'&\u0000\u0001\ud800]]>'
  const events = story(runScenario(scenario!, {}).events).map((event) => ({
    ...event,
    host: `${event.host}${evil}`,
  }))
  const svg = sequenceDiagram(events, {
    title: evil,
    banner: { verdict: evil, healthy: false, sentence: evil, lines: [evil] },
  })
  await withPage([], async (page) => {
    const { error, texts } = await measure(page, svg)
    assert.equal(error, '')
    assert.ok(texts.length > 20)
    assert.equal(await page.evaluate("document.querySelectorAll('script').length"), 0)
  })
})

test(
  'what a screen reader gets: a name, a description, and each segment as an item in order',
  skip,
  async () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'classic')!
    const svg = sequenceDiagram(story(runScenario(scenario, {}).events), { title: scenario.title })
    await withPage([], async (page) => {
      await measure(page, svg)
      const said: Said = await page.evaluate(SAID)
      assert.equal(said.title, scenario.title)
      assert.match(said.description, /segments between client and server/)
      assert.ok(said.labels.every((label) => label !== ''))
      assert.deepEqual(
        said.times,
        [...said.times].sort((a, b) => a - b),
      )
      const syn = said.titles.find((title) => title.startsWith('client to server: SYN'))!
      for (const part of [
        'ports ',
        'sequence number 0',
        'window 5000',
        'options: mss 512',
        'syn: active OPEN',
      ]) {
        assert.ok(syn.includes(part), part)
      }
    })
  },
)
