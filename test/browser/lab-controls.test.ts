/** The controls of the lab in Chromium: each does what it says, by pointer and by keyboard, and a link carries it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { findLesson } from '../../src/lab/lessons.ts'
import { shareText } from '../../src/lab/share.ts'
import {
  configOf,
  finishedRun,
  firstData,
  goTo,
  leaveFields,
  openSections,
  placeOf,
  untilEvents,
  withLab,
} from './lab-file.ts'
import { lacksBrowser } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

const eventsOf = (config: LabConfig): number => finishedRun(config).timeline().length

async function type(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true }).first()
  await field.fill(value)
  await field.press('Tab')
}

describe('the side panel', () => {
  test('every slider of the path sets both ways, or one by itself', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      const knobs: [label: string, value: string, name: string, given: number][] = [
        ['Delay', '35', 'delayUs', 35_000],
        ['Rate', '8', 'rateBitsPerSecond', 8e6],
        ['Queue', '40', 'queueBytes', 40_000],
        ['Jitter', '3', 'jitterUs', 3000],
        ['Loss', '2', 'loss', 0.02],
        ['Reorder', '4', 'reorder', 0.04],
        ['Held for', '25', 'reorderByUs', 25_000],
        ['Duplicate', '1', 'duplicate', 0.01],
        ['Corrupt', '1.5', 'corrupt', 0.015],
        ['MTU', '1000', 'mtu', 1000],
      ]
      for (const [label, value] of knobs) await type(page, label, value)
      await page.getByLabel('too big packets vanish without a word').check()
      const path = {
        ...Object.fromEntries(knobs.map(([, , name, given]) => [name, given])),
        mtuBlackHole: true,
      }
      const config: LabConfig = { ...DEFAULT_LAB, paths: [path, path] }
      assert.deepEqual(await configOf(page), config)
      await untilEvents(page, eventsOf(config))
      await page.getByLabel('both ways alike').uncheck()
      await page.getByLabel('Delay, slider').nth(1).fill('80')
      const oneWay = await configOf(page)
      assert.deepEqual([oneWay.paths[0].delayUs, oneWay.paths[1].delayUs], [35_000, 80_000])
      assert.deepEqual(misdeeds.complaints, [])
    })
  })

  test(
    'name, program, seed, limit, IP version; a mistake is told at its line and runs nothing',
    skip,
    async () => {
      await withLab({}, async (page) => {
        const [left, right] = DEFAULT_LAB.hosts
        await page.fill('#host-0-name', 'alice')
        await page.press('#host-0-name', 'Tab')
        await page.fill('#host-0-program', 'connect\nsend 3000\nclose')
        await type(page, 'Seed', '42')
        await type(page, 'Ends at the latest after', '5000')
        await page.getByLabel('IPv6').check()
        const config: LabConfig = {
          ...DEFAULT_LAB,
          ...{ seed: 42, untilMs: 5000, ipv6: true },
          hosts: [{ ...left, name: 'alice', program: 'connect\nsend 3000\nclose' }, right],
        }
        await untilEvents(page, eventsOf(config))
        assert.deepEqual(await configOf(page), config)
        await page.fill('#host-0-program', 'connect\nsned 3000')
        const error = page.locator('.section .error:visible')
        assert.match((await error.textContent())!, /line 2: unknown step 'sned'; did you mean send\?/)
        assert.deepEqual(await configOf(page), config)
        await page.getByRole('button', { name: 'Back to how it was' }).click()
        await untilEvents(page, eventsOf(DEFAULT_LAB))
        assert.deepEqual(await configOf(page), DEFAULT_LAB)
      })
    },
  )

  test('a second run is compared with the first', skip, async () => {
    await withLab({}, async (page) => {
      await page.selectOption('#lesson', 'initial-window')
      const row = page.locator('.outcomes tbody tr').first().locator('td')
      await row.nth(1).waitFor()
      assert.notEqual(await row.nth(0).textContent(), await row.nth(1).textContent())
      assert.equal(await page.locator('.compare-picture > svg').count(), 2)
      await openSections(page)
      await page.getByLabel('Compare with a second run').uncheck()
      await page.locator('.compare .note').waitFor()
      assert.equal((await configOf(page)).versus, null)
    })
  })
})

describe('what is done to packets', () => {
  test(
    'a packet is dropped by key, held back and taken back by dialog; the run is that of Node',
    skip,
    async () => {
      await withLab({}, async (page) => {
        const run = finishedRun()
        const timeline = run.timeline()
        const sent = firstData(run)
        const event = timeline.events[sent]!
        assert.equal(event.kind, 'sent')
        const { from, packet } = run.sender((event as { packet: number }).packet)!
        await goTo(page, sent + 1)
        await leaveFields(page)
        await page.keyboard.press('d')
        const dropped: LabConfig = { ...DEFAULT_LAB, interventions: [{ kind: 'drop', from, packet }] }
        await untilEvents(page, eventsOf(dropped))
        assert.deepEqual(await configOf(page), dropped)
        assert.match((await page.textContent('.interventions'))!, /packet \d+ of client: dropped/)
        await leaveFields(page)
        await page.keyboard.press('Enter')
        await page.getByLabel('Milliseconds').fill('30')
        await page.getByRole('button', { name: 'Hold it back' }).click()
        const delayed: LabConfig = {
          ...DEFAULT_LAB,
          interventions: [{ kind: 'delay', from, packet, byUs: 30_000 }],
        }
        await untilEvents(page, eventsOf(delayed))
        assert.deepEqual(await configOf(page), delayed)
        await page.getByRole('button', { name: /^Take back/ }).click()
        await untilEvents(page, timeline.length)
        assert.deepEqual(await configOf(page), DEFAULT_LAB)
      })
    },
  )

  test('a click on a packet on the wire opens it', skip, async () => {
    await withLab({}, async (page) => {
      const sent = finishedRun()
        .timeline()
        .events.findIndex((event) => event.kind === 'sent')
      await goTo(page, sent + 1)
      await page.locator('.wire .packet').first().click()
      assert.match((await page.textContent('dialog'))!, /Packet 1.*Flags \[S\].*active OPEN/s)
      await page.getByRole('button', { name: 'Drop it' }).last().click()
      assert.equal((await configOf(page)).interventions.length, 1)
    })
  })

  test('a forged reset at the cursor, filled in as expected, ends the connection', skip, async () => {
    await withLab({}, async (page) => {
      const { events } = await placeOf(page)
      const at = finishedRun()
        .timeline()
        .events.findIndex(({ kind }, i) => kind === 'received' && i > events / 2)
      await goTo(page, at + 1)
      await page.getByRole('button', { name: /^Forge a segment/ }).click()
      await page.getByRole('button', { name: 'Forge', exact: true }).click()
      await page
        .getByText(/reset the connection|was reset|aborted|ECONNRESET/)
        .first()
        .waitFor()
      const [one] = (await configOf(page)).interventions
      assert.equal(one!.kind, 'inject')
    })
  })
})

test('the keyboard alone: lessons, steps, ends, running, tabs, help', skip, async () => {
  await withLab({}, async (page) => {
    const { config } = findLesson('fast-retransmit')!
    await page.keyboard.press('l')
    assert.equal(await page.evaluate('document.activeElement.id'), 'lesson')
    // By its name it would be found too, if no second went by between two letters.
    while ((await page.inputValue('#lesson')) !== 'fast-retransmit') await page.keyboard.press('ArrowDown')
    await untilEvents(page, eventsOf(config))
    await leaveFields(page)
    await page.keyboard.press('End')
    const { event, events } = await placeOf(page)
    assert.equal(event, events)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Shift+ArrowLeft')
    assert.equal((await placeOf(page)).event, events - 11)
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    assert.equal((await placeOf(page)).event, 2)
    await page.keyboard.press('+')
    assert.equal(await page.getByLabel('Speed').inputValue(), '0.05')
    for (let i = 0; i < 4; i++) await page.keyboard.press('-') // The film lasts until somebody sees it.
    await page.keyboard.press(' ')
    await page.locator('.place', { hasText: /event ([7-9]|\d\d+) of/ }).waitFor()
    await page.keyboard.press(' ')
    assert.equal(await page.textContent('.play'), 'Run')
    const paused = await placeOf(page)
    assert.ok(paused.event < events, 'it was paused on its way')
    await page.evaluate(`new Promise((done) => {
      let frames = 0
      const next = () => (++frames < 30 ? requestAnimationFrame(next) : done())
      next()
    })`)
    assert.deepEqual(await placeOf(page), paused)
    for (const [key, name] of [
      ['2', 'Graphs'],
      ['3', 'States'],
      ['4', 'Events'],
      ['5', 'Compare'],
      ['1', 'Diagram'],
    ] as const) {
      await page.keyboard.press(key)
      assert.equal(await page.getByRole('tab', { selected: true }).textContent(), name)
    }
    await page.keyboard.press('?')
    assert.equal(await page.textContent('dialog h2'), 'Keys')
    await page.keyboard.press('Escape')
    await page.keyboard.press('f')
    assert.equal(await page.textContent('dialog h2'), 'Forge a segment')
    await page.keyboard.press('Enter')
    await page.locator('.interventions li').waitFor()
  })
})

test('a link opens this very run, a wrong one says what is wrong with it', skip, async () => {
  const config: LabConfig = { ...DEFAULT_LAB, seed: 5, paths: [{ loss: 0.1 }, { delayUs: 1000 }] }
  await withLab({ hash: shareText(config) }, async (page) => {
    await untilEvents(page, eventsOf(config))
    assert.deepEqual(await configOf(page), config)
    await page.evaluate(`location.hash = '#2.e30'`)
    await page.getByText(/This link: it is of version 2; this lab reads version 1/).waitFor()
  })
})
