/** The state diagram in Chromium: nothing of it is cut off, and no words stand on others. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stillPage } from '../../src/cli/still-page.ts'
import { stateDiagram } from '../../src/diagram/states/state-svg.ts'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import { statePaths } from '../../src/trace/state-path.ts'
import { STATE_NAMES } from '../../src/trace/states.ts'
import { lacksBrowser, withFile } from './page.ts'
import { eventsOf } from './viewer-file.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }
const WINDOW = { viewport: { width: 1500, height: 1400 } }

test('words take no more room in the browser than the layout gave them', skip, async () => {
  const paths = statePaths(eventsOf('time-wait'))
  const svg = stateDiagram(TRANSITIONS, { paths, title: 'TIME-WAIT' })
  await withFile(stillPage('TIME-WAIT', svg, 'auto'), WINDOW, async (page, { complaints }) => {
    const words = page.locator('svg text')
    const texts = await words.allTextContents()
    const boxes = await Promise.all((await words.all()).map((each) => each.boundingBox()))
    const pills = await page.locator('.state-box, .pill, .badge').all()
    for (const box of boxes) assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 1500)
    for (const [k, one] of boxes.entries())
      for (const other of boxes.slice(k + 1)) {
        const isOver =
          one!.x < other!.x + other!.width &&
          other!.x < one!.x + one!.width &&
          one!.y + 3 < other!.y + other!.height &&
          other!.y + 3 < one!.y + one!.height
        assert.ok(!isOver, `${texts[k]} stands on other words`)
      }
    assert.ok(pills.length > STATE_NAMES.length)
    assert.deepEqual(complaints, [])
  })
})
