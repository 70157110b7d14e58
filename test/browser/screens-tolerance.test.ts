/** What the comparison of screenshots finds, and what it lets pass. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stillPage } from '../../src/cli/still-page.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { withFile } from './page.ts'
import { assertLooks, differenceOf, shot, TILE_TOLERANCE } from './screens.ts'
import { eventsOf, SKIP } from './viewer-file.ts'

const HTML = stillPage(
  'x',
  sequenceDiagram(story(eventsOf('classic')), { title: 'The classic one' }),
  'light',
)
const WINDOW = { viewport: { width: 1000, height: 700 } }

/** As a change to the page, for a page whose policy forbids scripts of its own. */
const CHANGES: readonly (readonly [what: string, change: string])[] = [
  ['a label is gone', `document.querySelector('text.message').remove()`],
  [
    'a label stands two pixels to the right',
    `document.querySelector('text.message').style.transform = 'translate(2px)'`,
  ],
  [
    'a digit is another',
    `for (const text of document.querySelectorAll('text.message tspan, text.message'))
       for (const node of text.childNodes)
         if (node.nodeType === 3) node.data = node.data.replace('seq 100', 'seq 101')`,
  ],
  ['an arrow is gone', `document.querySelector('.arrows .line').remove()`],
  [
    'an arrow ends three pixels lower',
    `document.querySelector('.arrows .line').style.transform = 'translateY(3px)'`,
  ],
  ['a state has another colour', `document.querySelector('.state-box').style.stroke = '#cc0000'`],
  ['the letters are of another font', `document.querySelector('svg').style.fontFamily = 'DejaVu Serif'`],
]

test('what was removed, shifted or coloured otherwise is found', SKIP, async () => {
  await withFile(HTML, WINDOW, async (page) => {
    const known = await shot(page)
    for (const [what, change] of CHANGES) {
      await page.reload()
      assert.equal(differenceOf(known, await shot(page)).pixels, 0, 'the same page again')
      await page.evaluate(change)
      const { most } = differenceOf(known, await shot(page))
      assert.ok(most > TILE_TOLERANCE, `${what}: ${most} pixels`)
    }
    await assert.rejects(assertLooks('nobody-looked-at-this', page), /npm run screens/)
  })
})

test('edges that are smoothed otherwise, and single pixels, are nothing', SKIP, async () => {
  await withFile(HTML, WINDOW, async (page) => {
    const known = await shot(page)
    // A fifth of a pixel: every slanted line passes through other pixels a little, as with another rasteriser.
    await page.evaluate(
      `for (const arrow of document.querySelectorAll('.arrows .line')) arrow.style.transform = 'translateY(.2px)'`,
    )
    const smoothed = await shot(page)
    assert.ok(!smoothed.data.equals(known.data), 'it is another picture')
    assert.ok(differenceOf(known, smoothed).most <= TILE_TOLERANCE)
    const speckled = await shot(page)
    for (let at = 0; at < speckled.data.length; at += 4 * 997) speckled.data.fill(0, at, at + 3)
    assert.ok(differenceOf(smoothed, speckled).most <= TILE_TOLERANCE)
    // Colours that are rounded, as those of the files are.
    const rounded = await shot(page)
    for (let at = 0; at < rounded.data.length; at++)
      rounded.data[at] = Math.round(rounded.data[at]! / 17) * 17
    assert.equal(differenceOf(smoothed, rounded).most, 0)
  })
})
