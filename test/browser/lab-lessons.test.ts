/** Every lesson of the lab in Chromium: it loads, and runs as `elko sim` plays it in Node. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabRun } from '../../src/lab/lab-run.ts'
import { LESSONS } from '../../src/lab/lessons.ts'
import { statePaths, statePathText } from '../../src/trace/state-path.ts'
import { untilEvents, withLab } from './lab-file.ts'
import { lacksBrowser } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

test('each lesson runs to the same states, events and octets as in Node', skip, async () => {
  await withLab({}, async (page, misdeeds) => {
    await page.keyboard.press('3')
    for (const { name, title, words, config } of LESSONS) {
      const run = new LabRun(config)
      run.advance()
      const timeline = run.timeline()
      await page.selectOption('#lesson', name)
      await page.locator('.story h2', { hasText: title }).waitFor()
      await untilEvents(page, timeline.length)
      assert.ok((await page.textContent('.story'))!.includes(words), name)
      const paths = statePaths(timeline.events).map(statePathText)
      if (await page.locator('#panel-states').isHidden())
        await page.getByRole('tab', { name: 'States' }).click()
      const sides = await page.locator('.state-path').all()
      const shown = await Promise.all(
        sides.map(async (side) => (await side.locator('b').allTextContents()).join(' -> ')),
      )
      for (const path of shown) assert.ok(paths.includes(path), `${name}: ${path}`)
      assert.ok(shown.length > 0 || paths.length === 0, name)
    }
    assert.deepEqual(misdeeds, { requests: [], complaints: [] })
  })
})

test('the variables at the end of a run are those of the connection in Node', skip, async () => {
  const { config } = LESSONS.find(({ name }) => name === 'lossy-path')!
  const run = new LabRun(config)
  run.advance()
  await withLab({}, async (page) => {
    await page.selectOption('#lesson', 'lossy-path')
    await untilEvents(page, run.timeline().length)
    await page.getByRole('button', { name: 'To the end' }).click()
    const cell = (name: string) =>
      page
        .locator('.variables tr', { has: page.locator(`th:text-is("${name}")`) })
        .locator('td')
        .first()
        .textContent()
    assert.equal(await cell('SND.UNA'), String(100 + 1 + 200_000 + 1))
    assert.equal(await cell('State'), 'CLOSED')
    assert.equal(run.tracks.of('client', 1)!.at(run.steps)!.state, 'CLOSED')
  })
})
