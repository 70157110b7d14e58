/**
 * Every control of the lab in Chromium, none left out: each is used, and does what it says; the last test looks for those
 * that no test has used, and for those without a name.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findLesson } from '../../src/lab/lessons.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { configOf, finishedRun, leaveFields, placeOf, untilEvents } from './lab-file.ts'
import './lab-side-panel.ts'
import { atFirstData, click, closeDialog, dialog, skip, used, withControls } from './lab-used.ts'
import { seenControls } from './used-controls.ts'

describe('time', () => {
  test('every button, the scrubber, and the fastest speed to the end', skip, () =>
    withControls(async (page) => {
      const at = async (): Promise<number> => (await placeOf(page)).event
      const { events } = await placeOf(page)
      await click(page, 'To the end (End)')
      assert.equal(await at(), events)
      await click(page, 'One event back (left arrow)')
      assert.equal(await at(), events - 1)
      await click(page, 'To the start (Home)')
      await click(page, 'One event on (right arrow)')
      assert.equal(await at(), 2)
      await page.getByLabel('Event of the run').fill(String(events - 4))
      assert.equal(await at(), events - 3)
      await page.getByLabel('Speed').selectOption({ label: '1/500' })
      await click(page, 'Run')
      await click(page, 'Pause')
      assert.ok((await at()) < events)
      await page.getByLabel('Speed').selectOption({ label: '10 times' })
      await click(page, 'Run')
      await page.locator('.place', { hasText: `event ${events} of ${events}` }).waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
    }),
  )
})

describe('pictures', () => {
  test('every tab, and what can be asked of each picture', skip, () =>
    withControls(async (page) => {
      await page.selectOption('#lesson', 'initial-window')
      await page.locator('.outcomes tbody td').first().waitFor()
      const compared = page.getByRole('tabpanel', { name: 'Compare' })
      const before = await compared.locator('svg').first().innerHTML()
      await compared.getByLabel('Graph').selectOption('congestion')
      assert.notEqual(await compared.locator('svg').first().innerHTML(), before)
      await page.getByRole('tab', { name: 'Graphs' }).click()
      const plot = page.locator('.graph-plot')
      const picture = (): Promise<string> =>
        page.evaluate(
          `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(document.querySelector('.graph-picture').innerHTML))))`,
        )
      const graphs = page.getByRole('tabpanel', { name: 'Graphs' })
      let last = await picture()
      const changes = async (what: string, how: Promise<unknown>): Promise<void> => {
        await how
        const now = await picture()
        assert.ok(now !== last, what)
        last = now
      }
      await changes('Data', graphs.getByLabel('Data').selectOption('1'))
      await changes('Graph', graphs.getByLabel('Graph', { exact: true }).selectOption('window'))
      await changes('Zoom in', graphs.getByRole('button', { name: 'Zoom in' }).click())
      await changes('Zoom out', graphs.getByRole('button', { name: 'Zoom out' }).click())
      await changes('Zoom in', graphs.getByRole('button', { name: 'Zoom in' }).click())
      await changes('All', graphs.getByRole('button', { name: 'All' }).click())
      await changes('+', plot.press('+'))
      await page.getByRole('tab', { name: 'States' }).click()
      await page.locator('#panel-states [role=button]').nth(2).click()
      assert.ok((await placeOf(page)).event > 1)
      await page.getByRole('tab', { name: 'Events' }).click()
      const events = page.getByRole('listbox', { name: 'Events of the run' })
      await events.locator('[role=option]').nth(1).click()
      await events.press('End')
      await page.getByRole('tab', { name: 'Diagram' }).click()
      const diagram = page.getByRole('listbox', { name: 'Sequence diagram' })
      await diagram.press('Home')
      await diagram.press('j')
      assert.equal(await diagram.locator('[aria-selected=true]').count(), 1)
      await page.getByRole('tab', { name: 'Both' }).click()
      assert.ok((await plot.isVisible()) && (await diagram.isVisible()), 'diagram and graph side by side')
      await page.getByRole('tab', { name: 'Compare' }).click()
    }),
  )

  test('numbers as they are on the wire, and from each SYN', skip, () =>
    withControls(async (page) => {
      await atFirstData(page)
      const variables = page.getByRole('region', { name: 'Variables' })
      const absolute = await variables.textContent()
      await page.getByLabel('numbers from each SYN').check()
      assert.notEqual(await variables.textContent(), absolute)
      await variables.press('PageDown')
      await page.getByRole('complementary', { name: 'Controls' }).press('PageDown')
    }),
  )
})

test('the diagram: search, what is shown of it, sizes, and the links of a packet', skip, () =>
  withControls(async (page) => {
    await page.selectOption('#lesson', 'fast-retransmit')
    await untilEvents(page, finishedRun(findLesson('fast-retransmit')!.config).timeline().length)
    const panel = page.getByRole('tabpanel', { name: 'Diagram' })
    const picture = panel.locator('.diagram-body')
    let last = await picture.innerHTML()
    const changes = async (what: string, how: Promise<unknown>): Promise<void> => {
      await how
      const now = await picture.innerHTML()
      assert.ok(now !== last, what)
      last = now
    }
    const choose = (label: string, value: string): Promise<unknown> =>
      panel.getByLabel(label, { exact: true }).selectOption(value)
    await changes('Messages', choose('Messages', 'retransmissions'))
    await changes('Messages', choose('Messages', 'all'))
    await changes('Show', choose('Show', 'full'))
    await changes('Show', choose('Show', 'overview'))
    await changes('Times', choose('Times', 'delta'))
    await changes('Numbers', choose('Numbers', 'relative'))
    const remarks = panel.getByLabel('Remarks', { exact: true })
    await changes('Remarks', remarks.setChecked(!(await remarks.isChecked())))
    await changes('Larger', panel.getByRole('button', { name: 'Larger' }).click())
    await changes('Smaller', panel.getByRole('button', { name: 'Smaller' }).click())
    await panel.getByRole('button', { name: 'Larger' }).click()
    await panel.getByRole('button', { name: 'Fit' }).click()
    await panel.getByRole('button', { name: 'Unfold all' }).click()
    await panel.getByRole('button', { name: 'Fold all', exact: true }).click()
    await panel.getByRole('searchbox').fill('ACK')
    const chosen = panel.locator('[aria-selected=true][role=option]')
    await panel.getByRole('button', { name: 'Next hit' }).click()
    const first = await chosen.getAttribute('aria-label')
    await panel.getByRole('button', { name: 'Next hit' }).click()
    assert.notEqual(await chosen.getAttribute('aria-label'), first)
    await panel.getByRole('button', { name: 'Previous hit' }).click()
    assert.equal(await chosen.getAttribute('aria-label'), first)
    const { event } = await placeOf(page)
    const links = page.locator('.details dd')
    await links.locator('button.link').first().click()
    assert.notEqual((await placeOf(page)).event, event)
    const source = links.locator('a').first()
    assert.match((await source.getAttribute('href'))!, /^https:\/\/www\.rfc-editor\.org\//)
    // Nothing is asked of the network: the click is heard, and stays here.
    await page.evaluate(`addEventListener('click', (event) => event.preventDefault(), { once: true })`)
    await source.click()
    const octets = page.locator('.details details')
    const open = await octets.evaluate((part) => part.hasAttribute('open'))
    await octets.locator('summary', { hasText: 'Octets' }).click()
    assert.equal(await octets.evaluate((part) => part.hasAttribute('open')), !open)
  }),
)

test('what a lesson proposes to try, and back', skip, () =>
  withControls(async (page) => {
    const { config } = findLesson('fast-retransmit')!
    await page.selectOption('#lesson', 'fast-retransmit')
    const tries = page.getByRole('group', { name: 'What to try' }).getByRole('button')
    await tries.first().click()
    assert.notDeepEqual(await configOf(page), config)
    await page.getByRole('button', { name: 'As it began' }).click()
    assert.deepEqual(await configOf(page), config)
    await page.selectOption('#lesson', 'free-play')
    for (const _ of [1, 2]) {
      await tries.first().click()
      await page.getByRole('button', { name: 'As it began' }).waitFor()
    }
    await page.getByRole('button', { name: 'As it began' }).click()
    await page.evaluate(`location.hash = '#2.e30'`)
    await click(page, 'Dismiss')
    assert.equal(await page.getByLabel('Dismiss').isVisible(), false)
    await page.selectOption('#lesson', 'nagle')
    const connection = page.getByLabel('Connection', { exact: true })
    await connection.selectOption('1')
    assert.match((await page.locator('.diagram-view').textContent()) ?? '', /client/)
    assert.equal(await connection.inputValue(), '1')
  }),
)

describe('the head', () => {
  test('colours, controls that hide, help', skip, () =>
    withControls(
      async (page) => {
        const paper = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
        const light = await paper()
        await page.getByLabel('Colours').selectOption('dark')
        assert.notEqual(await paper(), light)
        await page.getByLabel('Colours').selectOption('auto')
        assert.equal(await paper(), light)
        await click(page, 'Controls: show or hide')
        assert.equal(await page.locator('.side').isVisible(), false)
        await click(page, 'Controls: show or hide')
        assert.equal(await page.locator('.side').isVisible(), true)
        await click(page, 'Help: keys')
        assert.equal(await dialog(page).locator('h2').textContent(), 'Keys')
        await closeDialog(page)
      },
      { colorScheme: 'light' },
    ),
  )

  test('the link is copied', skip, () =>
    withControls(
      async (page) => {
        await click(page, 'Share')
        const link = page.getByLabel('Link')
        await link.click()
        await click(page, 'Copy')
        await page.getByText('Copied.').waitFor()
        assert.equal(await page.evaluate('navigator.clipboard.readText()'), await link.inputValue())
        await closeDialog(page)
      },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    ),
  )

  test('a capture by the file chooser, and each of its connections; a script that is written', skip, () =>
    withControls(async (page) => {
      const result = runScenario(findScenario('nagle')!)
      const { octets } = result.capture(result.hosts[0]!)
      await click(page, 'Open …')
      await dialog(page)
        .locator('input[type=file]')
        .setInputFiles({ name: 'of-many.pcapng', mimeType: '', buffer: Buffer.from(octets) })
      await page.locator('.story h2', { hasText: 'of-many.pcapng, stream 0' }).waitFor()
      const streams = page.getByLabel('Connection of the capture')
      const last = (await streams.locator('option').count()) - 1
      assert.ok(last > 0, 'a capture of several connections')
      await streams.selectOption(String(last))
      await page.locator('.story h2', { hasText: `of-many.pcapng, stream ${last}` }).waitFor()
      await click(page, 'Share')
      const [saved] = await Promise.all([page.waitForEvent('download'), click(page, 'Save it as a page')])
      assert.match(saved.suggestedFilename(), /\.html$/)
      await click(page, 'Back to the lab’s run')
      await untilEvents(page, finishedRun().timeline().length)
      await click(page, 'Open …')
      await closeDialog(page)
      await click(page, 'Open …')
      await page
        .getByLabel('Or a packetdrill script, here')
        .fill('0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n')
      await click(page, 'Play the script')
      await page.getByText('The script passes').waitFor()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByLabel('Export').selectOption('svg'),
      ])
      assert.match(download.suggestedFilename(), /\.svg$/)
    }),
  )

  test('every section opens and closes', skip, () =>
    withControls(async (page) => {
      await page.getByLabel('Compare with a second run').check()
      // Inner ones first, which their section would hide.
      for (const summary of (await page.locator('.side summary:visible').all()).reverse()) {
        const isOpen = (): Promise<boolean> =>
          summary.evaluate((element) => element.parentElement!.hasAttribute('open'))
        await summary.click()
        assert.equal(await isOpen(), false)
        await summary.click()
        assert.equal(await isOpen(), true)
      }
    }),
  )
})

test('no control is without a name, and none without a test that uses it', skip, async () => {
  const missing = new Set<string>()
  let count = 0
  await withControls(async (page) => {
    const look = async (): Promise<void> => {
      for (const { key, name, html } of await seenControls(page)) {
        count++
        assert.notEqual(name, '', `a control without a name: ${html}`)
        if (!used.has(key)) missing.add(key)
      }
    }
    await page.getByLabel('both ways alike').uncheck()
    await page.getByLabel('Compare with a second run').check()
    await atFirstData(page)
    for (const key of ['1', '2', '3', '4', '5']) {
      await leaveFields(page)
      await page.keyboard.press(key)
      await look()
    }
    await page.getByLabel('Speed').selectOption({ label: '1/500' })
    await click(page, 'Run')
    await look()
    await click(page, 'Pause')
    await atFirstData(page)
    await click(page, 'Drop it')
    await look()
    for (const key of ['?', 'f', 'o', 's', 'Enter']) {
      await leaveFields(page)
      await page.keyboard.press(key)
      await dialog(page)
        .locator('summary')
        .evaluateAll((all) => {
          for (const one of all) one.click()
        })
      await look()
      await page.keyboard.press('Escape')
    }
    await page.getByRole('button', { name: 'Forge ICMP' }).click()
    await look()
    await page.keyboard.press('Escape')
    await page.selectOption('#lesson', 'fast-retransmit')
    await page.getByRole('group', { name: 'What to try' }).getByRole('button').first().click()
    await look()
    await page.selectOption('#lesson', 'nagle')
    await page.getByLabel('Connection', { exact: true }).waitFor()
    await page.evaluate(`location.hash = '#2.e30'`)
    await page.getByLabel('Dismiss').waitFor()
    await look()
    await click(page, 'Open …')
    await click(page, 'Play the script')
    await look()
  })
  assert.ok(count > 500, `${count} are seen`)
  assert.deepEqual([...missing], [], 'these are used by no test: use them in this file, and say what they do')
})
