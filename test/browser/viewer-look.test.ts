/** The HTML file of a connection, opened from a disk in Chromium: graphs, colours, paper, small windows, and who cannot see it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Locator } from 'playwright-core'
import { withFile } from './page.ts'
import {
  assertQuiet,
  CLASSIC,
  chosen,
  details,
  diagram,
  fileOf,
  LONG,
  longTransfer,
  SKIP,
  textOf,
  WINDOW,
} from './viewer-file.ts'

const LONG_500 = fileOf(longTransfer(500))

test(
  'a graph and the diagram choose and point at the same: by click, by key, by the time under the pointer',
  SKIP,
  async () => {
    await withFile(LONG, WINDOW, async (page, misdeeds) => {
      await page.getByRole('tab', { name: 'Graphs' }).click()
      const plot = page.locator('.graph-plot')
      await plot.locator('svg').first().waitFor()
      const box = (await plot.boundingBox())!
      const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
      await page.mouse.move(middle.x, middle.y)
      assert.match(await textOf(page.locator('.graph-cursor:not(.chosen) span')), /\d ms/)
      await page.mouse.click(middle.x, middle.y)
      const words = await details(page)
      const [, frame] = /Frame\s*(\d+)/.exec(words) ?? []
      assert.ok(Number(frame) > 500 && Number(frame) < 1500, `frame ${frame} lies in the middle`)
      assert.ok(await page.locator('.graph-cursor.chosen').isVisible())
      await page.getByRole('tab', { name: 'Diagram' }).click()
      assert.match((await chosen(page)) ?? '', new RegExp(`packet ${frame}\\b`))
      assert.ok(await page.locator('[aria-selected=true][role=option]').isVisible())
      await page.locator('[aria-selected=true][role=option] text.message').first().hover()
      await diagram(page).focus()
      await page.keyboard.press('Home')
      await page.getByRole('tab', { name: 'Graphs' }).click()
      assert.match(await textOf(page.locator('.graph-cursor.chosen span')), /^0/)
      assertQuiet(misdeeds)
    })
  },
)

test('a graph zooms by wheel, brush, buttons and keys, and shows each type for each side', SKIP, async () => {
  await withFile(LONG, WINDOW, async (page, misdeeds) => {
    await page.getByRole('tab', { name: 'Graphs' }).click()
    const plot = page.locator('.graph-plot')
    const ticks = async (): Promise<string> => {
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
      return (await plot.locator('svg .tick').allTextContents()).join(' ')
    }
    const whole = await ticks()
    const box = (await plot.boundingBox())!
    const at = (share: number): [number, number] => [box.x + box.width * share, box.y + box.height / 2]
    const backToAll = async (): Promise<void> => {
      await page.getByRole('button', { name: 'All', exact: true }).click()
      assert.equal(await ticks(), whole)
    }
    await page.mouse.move(...at(0.5))
    await page.mouse.wheel(0, -600)
    assert.notEqual(await ticks(), whole)
    // While it zooms, marks are drawn together; then each has its words again, and leads to its segment.
    const mark = plot.locator('.mark[data-packet]').first()
    assert.match((await mark.locator('title').textContent()) ?? '', /ACK \d+/)
    const place = (await mark.boundingBox())!
    await page.mouse.click(place.x + place.width / 2, place.y + place.height / 2)
    assert.match(await details(page), new RegExp(`Frame\\s*${await mark.getAttribute('data-packet')}(?!\\d)`))
    await backToAll()
    await page.mouse.move(...at(0.4))
    await page.mouse.down()
    await page.mouse.move(...at(0.6))
    assert.ok(await page.locator('.graph-brush').isVisible())
    await page.mouse.up()
    const brushed = await ticks()
    assert.notEqual(brushed, whole)
    await plot.focus()
    await page.keyboard.press('ArrowRight')
    assert.notEqual(await ticks(), brushed)
    await page.keyboard.press('0')
    assert.equal(await ticks(), whole)
    await page.keyboard.press('+')
    assert.notEqual(await ticks(), whole)
    await backToAll()
    for (const type of ['throughput', 'rtt', 'window', 'congestion', 'time-sequence']) {
      await page.getByLabel('Graph', { exact: true }).selectOption(type)
      for (const side of ['1', '0']) {
        await page.getByLabel('Data', { exact: true }).selectOption(side)
        await ticks()
        assert.equal(await plot.locator('svg[role=img]').count(), 1, type)
      }
    }
    assert.equal(await ticks(), whole)
    assertQuiet(misdeeds)
  })
})

test('the states have the way of each side, and each step leads to its moment', SKIP, async () => {
  await withFile(CLASSIC, WINDOW, async (page, misdeeds) => {
    await page.getByRole('tab', { name: 'States' }).click()
    const steps = page.locator('.states-view .linked')
    assert.ok((await steps.count()) > 10)
    const step = steps.filter({ hasText: 'SYN-SENT → ESTABLISHED' })
    await step.click()
    const now = page.locator('.states-view .now')
    assert.match((await now.allTextContents()).join(' '), /ESTABLISHED/)
    await steps.filter({ hasText: 'TIME-WAIT → CLOSED' }).focus()
    await page.keyboard.press('Enter')
    assert.match((await now.allTextContents()).join(' '), /CLOSED/)
    await step.click()
    await page.getByRole('tab', { name: 'Diagram' }).click()
    assert.ok(await page.locator('[aria-selected=true][role=option]').isVisible())
    assertQuiet(misdeeds)
  })
})

test('tabs go by arrow keys, and everything is reached by Tab in the order of the page', SKIP, async () => {
  await withFile(CLASSIC, WINDOW, async (page, misdeeds) => {
    const seen: string[] = []
    for (let k = 0; k < 20; k++) {
      await page.keyboard.press('Tab')
      seen.push(
        await page.evaluate<string>(
          'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
        ),
      )
    }
    const order = [
      'closed normally',
      'Diagram',
      'Search',
      'Previous',
      'Next',
      'Colours',
      'Print',
      'Show',
      'Messages',
    ]
    let at = -1
    for (const name of [...order, 'Numbers', 'Times', 'Unfold all', 'Smaller', 'Sequence diagram']) {
      const place = seen.findIndex((words, k) => k > at && words.includes(name))
      assert.ok(place > at, `${name} comes after ${seen[at] ?? 'nothing'}: ${seen.join(' | ')}`)
      at = place
    }
    await page.getByRole('tab', { name: 'Diagram' }).focus()
    await page.keyboard.press('ArrowRight')
    assert.ok(await page.getByRole('tabpanel', { name: 'Graphs' }).isVisible())
    assert.ok(!(await page.getByRole('tabpanel', { name: 'Diagram' }).isVisible()))
    assertQuiet(misdeeds)
  })
})

test('words float beside what is pointed at, or reached by a key, and cover none of it', SKIP, async () => {
  await withFile(CLASSIC, { ...WINDOW, viewport: { width: 1000, height: 640 } }, async (page, misdeeds) => {
    const tip = page.getByRole('tooltip')
    const option = page.getByRole('option', { name: /SYN,ACK/ }).first()
    type Area = NonNullable<Awaited<ReturnType<typeof tip.boundingBox>>>
    const assertFree = async (of: Locator): Promise<void> => {
      const [a, b] = [(await tip.boundingBox()) as Area, (await of.boundingBox()) as Area]
      assert.ok(
        a.y + a.height <= b.y || a.y >= b.y + b.height,
        `${JSON.stringify(a)} covers ${JSON.stringify(b)}`,
      )
      assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= 1000 && a.y + a.height <= 640, JSON.stringify(a))
    }
    await option.locator('text.message').hover()
    const words = await textOf(tip)
    for (const expected of [
      /SYN,ACK from server to client, frame 2/,
      /Sequence number100 \(relative 0\)/,
      /Acknowledgment1 /,
      /Length0 octets/,
      /Window65535/,
      /mss 512/,
      /syn-ack: answers a SYN/,
      /Fatearrived/,
    ])
      assert.match(words, expected)
    await assertFree(option.locator('text.message'))
    await assertFree(option.locator('.hit'))
    await page.keyboard.press('Escape')
    assert.equal(await tip.count(), 0)
    await page.locator('text.state', { hasText: 'SYN-RECEIVED' }).hover()
    assert.match(await textOf(tip), /server enters SYN-RECEIVED/)
    await page.mouse.move(5, 5)
    assert.equal(await tip.count(), 0)

    await diagram(page).focus()
    let tips = 0
    for (let k = 0; k < 20; k++) {
      await page.keyboard.press('ArrowDown')
      // What was scrolled to is there in the next frame.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
      const words = page.locator('[aria-selected=true][role=option] text:not(.time, .remark)').first()
      // Headings and calls say all that there is to say.
      if ((await tip.count()) === 0 || (await words.count()) === 0) continue
      tips++
      await assertFree(words)
      assert.equal(await diagram(page).getAttribute('aria-describedby'), await tip.getAttribute('id'))
    }
    assert.ok(tips > 5, `${tips} of 20`)
    await page.keyboard.press('Escape')
    assert.equal(await tip.count(), 0)
    assert.equal(await diagram(page).getAttribute('aria-describedby'), null)
    assertQuiet(misdeeds)
  })
})

test('axe finds nothing serious, in light and dark, with and without something chosen', SKIP, async () => {
  const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  for (const [colorScheme, width] of [
    ['light', 1400],
    ['dark', 1400],
    ['dark', 390],
  ] as const) {
    const viewport = { width, height: 900 }
    await withFile(CLASSIC, { viewport, colorScheme, bypassCSP: true }, async (page) => {
      const violations = async (what: string): Promise<void> => {
        await page.evaluate(axe)
        const found = await page.evaluate<string[]>(
          `axe.run().then(({ violations }) => violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => id + ': ' + nodes[0].html + ' (' + nodes.length + ') ' + nodes[0].failureSummary))`,
        )
        assert.deepEqual(found, [], `${what}, ${colorScheme}, ${width} pixels`)
      }
      await violations('as it opens')
      await diagram(page).focus()
      await page.keyboard.press('Home')
      const tip = page.getByRole('tooltip')
      for (let k = 0; k < 20 && (await tip.count()) === 0; k++) await page.keyboard.press('j')
      assert.equal(await tip.count(), 1)
      await violations('with a message chosen')
      await page.getByRole('tab', { name: 'Graphs' }).click()
      await page.locator('.graph-plot svg').first().waitFor()
      await violations('graphs')
      await page.getByRole('tab', { name: 'States' }).click()
      await violations('states')
    })
  }
})

test('light and dark by choice: the page, the pictures and the minimap', SKIP, async () => {
  await withFile(CLASSIC, { ...WINDOW, colorScheme: 'light' }, async (page, misdeeds) => {
    const colour = (selector: string): Promise<string> =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).backgroundColor`,
      )
    const light = await colour('body')
    await page.getByLabel('Colours').selectOption('dark')
    assert.notEqual(await colour('body'), light)
    assert.equal(await colour('.diagram-body svg'), await colour('body'))
    await page.getByRole('tab', { name: 'Graphs' }).click()
    await page.locator('.graph-plot svg').first().waitFor()
    assert.equal(await colour('.graph-plot svg'), await colour('body'))
    await page.getByLabel('Colours').selectOption('auto')
    assert.equal(await colour('body'), light)
    assertQuiet(misdeeds)
  })
})

test(
  'on paper there is the whole diagram, page by page, in light colours, and no control',
  SKIP,
  async () => {
    for (const [what, html] of Object.entries({ CLASSIC, LONG, unfolded: LONG_500 })) {
      await withFile(html, { ...WINDOW, colorScheme: 'dark' }, async (page, misdeeds) => {
        await page.getByLabel('Colours').selectOption('dark')
        if (what === 'unfolded') await page.getByRole('button', { name: 'Unfold all' }).click()
        await diagram(page).focus()
        await page.keyboard.press('ArrowDown')
        const pages: Record<string, number> = {}
        for (const format of ['A4', 'Letter']) {
          const pdf = (await page.pdf({ format, preferCSSPageSize: false })).toString('latin1')
          pages[format] = pdf.match(/\/Type\s*\/Page\b/g)!.length
        }
        await page.emulateMedia({ media: 'print' })
        const [a4, letter] = [190, 195.9].map((mm) => (mm / 25.4) * 96) as [number, number]
        await page.setViewportSize({ width: Math.floor(a4), height: 900 })
        await page.evaluate('dispatchEvent(new Event("beforeprint"))')
        const hidden = 'button, select, input, .details, .minimap, .diagram-scroll, .tooltip'
        assert.equal(await page.locator(`:is(${hidden}):visible`).count(), 0)
        const style = await page.evaluate<string>(
          'getComputedStyle(document.body).getPropertyValue("--paper")',
        )
        assert.equal(style.trim(), '#ffffff')
        const seen = await page.evaluate<Paper>(SEEN_ON_PAPER)
        assert.equal(seen.display, 'table-header-group', 'the head is repeated')
        assert.deepEqual(seen.cut, [], 'no words are cut, and nothing is drawn outside of its piece')
        assert.equal(
          (await page.locator('.paper .arrows .tip:visible').count()) > 0,
          true,
          'arrows have heads',
        )
        assert.equal(seen.messages.length, new Set(seen.messages).size, 'each arrow has its words once')
        if (what === 'unfolded') assert.equal(seen.messages.length, 500)
        for (const [format, width, height] of [
          ['A4', a4, 277],
          ['Letter', letter, 259.4],
        ] as const) {
          const scale = width / Math.floor(a4)
          assert.ok(
            seen.pieces.every((piece) => (piece + seen.head) * scale < (height / 25.4) * 96),
            `${what}, ${format}`,
          )
          assert.ok(
            pages[format]! >= (seen.whole * scale) / ((height / 25.4) * 96),
            `${what}: ${pages[format]} pages`,
          )
        }
        await page.evaluate('dispatchEvent(new Event("afterprint"))')
        assert.equal(await page.locator('.paper').count(), 0)
        assertQuiet(misdeeds)
      })
    }
  },
)

/** Heights in pixels: of the head, of each piece of the picture, and of the whole page. */
interface Paper {
  readonly head: number
  readonly pieces: readonly number[]
  readonly whole: number
  readonly display: string
  /** The numbers of the packets whose words stand there, and words that stand in no piece as a whole. */
  readonly messages: readonly string[]
  readonly cut: readonly string[]
}

const SEEN_ON_PAPER = `(() => {
  const heightOf = (element) => element.getBoundingClientRect().height
  const rows = [...document.querySelectorAll('.paper tbody tr')]
  const cut = rows.flatMap((row) => {
    const { top, bottom } = row.querySelector('svg').getBoundingClientRect()
    return [...row.querySelectorAll('text')].filter((text) => {
      const box = text.getBoundingClientRect()
      return box.top < top - 2 || box.bottom > bottom + 2
    }).map((text) => text.textContent)
  })
  const messages = rows.flatMap((row) =>
    [...row.querySelectorAll('.row:has(text.message)')].map((each) => each.getAttribute('data-packet')))
  return {
    head: heightOf(document.querySelector('.paper thead')), pieces: rows.map(heightOf), cut, messages,
    whole: document.documentElement.scrollHeight,
    display: getComputedStyle(document.querySelector('.paper thead')).display,
  }
})()`

test(
  'on a telephone nothing is wider than the window, and the diagram is that of the segments',
  SKIP,
  async () => {
    await withFile(
      CLASSIC,
      { viewport: { width: 390, height: 800 }, hasTouch: true },
      async (page, misdeeds) => {
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
        assert.ok(wide <= 390, `${wide} pixels`)
        assert.equal(await page.getByLabel('Show', { exact: true }).inputValue(), 'overview')
        await page
          .getByRole('option', { name: /SYN,ACK/ })
          .first()
          .locator('text.message')
          .tap()
        assert.match(await details(page), /SYN,ACK from server/)
        const box = (await page.locator('.details').boundingBox())!
        assert.ok(box.y + box.height <= 801, 'details are below the diagram, in the window')
        assertQuiet(misdeeds)
      },
    )
  },
)
