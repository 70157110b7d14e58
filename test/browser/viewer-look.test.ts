/** The HTML file of a connection, opened from a disk in Chromium: graphs, colours, paper, small windows, and who cannot see it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withFile } from './page.ts'
import { assertQuiet, CLASSIC, chosen, details, diagram, LONG, SKIP, textOf, WINDOW } from './viewer-file.ts'

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

test('axe finds nothing serious, in light and dark, with and without something chosen', SKIP, async () => {
  const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  for (const colorScheme of ['light', 'dark'] as const) {
    await withFile(CLASSIC, { ...WINDOW, colorScheme, bypassCSP: true }, async (page) => {
      const violations = async (what: string): Promise<void> => {
        await page.evaluate(axe)
        const found = await page.evaluate<string[]>(
          `axe.run().then(({ violations }) => violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => id + ': ' + nodes[0].html + ' (' + nodes.length + ') ' + nodes[0].failureSummary))`,
        )
        assert.deepEqual(found, [], `${what}, ${colorScheme}`)
      }
      await violations('as it opens')
      await diagram(page).focus()
      await page.keyboard.press('Home')
      await page.keyboard.press('j')
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

test('on paper there is the whole diagram in light colours, and no control', SKIP, async () => {
  await withFile(LONG, { ...WINDOW, colorScheme: 'dark' }, async (page, misdeeds) => {
    await page.emulateMedia({ media: 'print' })
    await page.evaluate('dispatchEvent(new Event("beforeprint"))')
    assert.equal(
      await page.locator('button:visible, select:visible, .details:visible, .minimap:visible').count(),
      0,
    )
    assert.ok((await page.locator('.diagram-body [data-fold]').count()) > 5)
    assert.ok(await page.getByRole('option').last().isVisible())
    const paper = await page.evaluate<string>('getComputedStyle(document.body).getPropertyValue("--paper")')
    assert.equal(paper.trim(), '#ffffff')
    const pdf = await page.pdf()
    assert.ok(pdf.length > 10_000)
    await page.evaluate('dispatchEvent(new Event("afterprint"))')
    assertQuiet(misdeeds)
  })
})

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
