/** Every lesson of the lab in Chromium: it loads, and runs as `elko sim` plays it in Node. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { LESSONS } from '../../src/lab/lessons.ts'
import { statePaths, statePathText } from '../../src/trace/state-path.ts'
import { finishedRun, untilEvents, withLab } from './lab-file.ts'
import { lacksBrowser } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

test('each lesson runs to the same states, events and octets as in Node', skip, async () => {
  await withLab({}, async (page, misdeeds) => {
    await page.keyboard.press('3')
    for (const { name, title, words, config } of LESSONS) {
      const run = finishedRun(config)
      const timeline = run.timeline()
      await page.selectOption('#lesson', name)
      await page.locator('.story h2', { hasText: title }).waitFor()
      await untilEvents(page, timeline.length)
      assert.ok((await page.textContent('.story'))!.includes(words), name)
      const paths = statePaths(timeline.events).map(statePathText)
      if (await page.locator('#panel-states').isHidden())
        await page.getByRole('tab', { name: 'States' }).click()
      const told = (await page.textContent('.states-view svg > desc')) ?? ''
      const shown = [...told.matchAll(/: ((?:[A-Z0-9-]+(?:, )?)+)\./g)].map(([, states]) =>
        states!.replaceAll(', ', ' -> '),
      )
      for (const path of shown) assert.ok(paths.includes(path), `${name}: ${path}`)
      assert.ok(shown.length > 0 || paths.length === 0, name)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.selectOption('[aria-label=Export]', 'pcapng'),
      ])
      const octets = new Uint8Array(readFileSync(await download.path()))
      assert.deepEqual(octets, run.capture(run.hosts[0]).octets, name)
    }
    assert.deepEqual(misdeeds.complaints, [])
    // What it saves it makes itself.
    assert.deepEqual(
      misdeeds.requests.filter((address) => !address.startsWith('blob:')),
      [],
    )
  })
})

test('the variables at the end of a run are those of the connection in Node', skip, async () => {
  const { config } = LESSONS.find(({ name }) => name === 'lossy-path')!
  const run = finishedRun(config)
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
