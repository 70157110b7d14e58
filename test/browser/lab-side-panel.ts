/** Tests of the lab's side panel and of what is done to packets, a part of lab-every-control.test.ts. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { findLesson } from '../../src/lab/lessons.ts'
import { TUNABLES, usualValue } from '../../src/lab/tunables.ts'
import { configOf, finishedRun, firstData, goTo, leaveFields, untilEvents } from './lab-file.ts'
import { atFirstData, click, closeDialog, dialog, skip, withControls } from './lab-used.ts'

describe('the path', () => {
  /** Label, name in the configuration, octets, microseconds or shares of one on the scale of the field. */
  const KNOBS = [
    ['Delay', 'delayUs', 1000],
    ['Rate', 'rateBitsPerSecond', 1e6],
    ['Queue', 'queueBytes', 1000],
    ['Jitter', 'jitterUs', 1000],
    ['Loss', 'loss', 0.01],
    ['Reorder', 'reorder', 0.01],
    ['Held for', 'reorderByUs', 1000],
    ['Duplicate', 'duplicate', 0.01],
    ['Corrupt', 'corrupt', 0.01],
    ['MTU', 'mtu', 1],
  ] as const

  test('every slider and every number, each way by itself; both alike again', skip, () =>
    withControls(async (page) => {
      const lock = page.getByLabel('both ways alike')
      await lock.uncheck()
      for (const kind of ['slider', 'spinbutton'] as const) {
        const paths: Record<string, number | boolean>[] = [{}, {}]
        for (const way of [0, 1] as const) {
          for (const [k, [label, name, scale]] of KNOBS.entries()) {
            const value = name === 'mtu' ? 1000 + 4 * way : kind === 'slider' ? k + way + 1 : k + way + 2
            const field = page.getByRole(kind, {
              name: kind === 'slider' ? `${label}, slider` : label,
              exact: true,
            })
            await field.nth(way).fill(String(value))
            paths[way]![name] = Number((value * scale).toFixed(6))
          }
        }
        await leaveFields(page)
        assert.deepEqual((await configOf(page)).paths, paths)
      }
      await page.getByLabel('too big packets vanish without a word').check()
      assert.deepEqual(
        (await configOf(page)).paths.map(({ mtuBlackHole }) => mtuBlackHole),
        [true, undefined],
      )
      await lock.check()
      const [there, back] = (await configOf(page)).paths
      assert.deepEqual(back, there)
    }),
  )
})

/** Sets every option to another value. @returns what the configuration has then. */
async function tuneAll(fields: Locator): Promise<Record<string, number | boolean>> {
  const wanted: Record<string, number | boolean> = {}
  for (const { name, label } of TUNABLES) {
    const usual = usualValue(name)
    const field = fields.getByLabel(label, { exact: true })
    // One more, or where that is too much, one less.
    wanted[name] =
      typeof usual === 'boolean' ? !usual : name === 'delayedAckMs' || usual < 2 ? usual + 1 : usual - 1
    if (typeof usual === 'boolean') await field.setChecked(!usual)
    else await field.fill(String(wanted[name]))
  }
  return wanted
}

describe('the hosts', () => {
  test('every option of both, and of both in a second run', skip, () =>
    withControls(async (page) => {
      // Each change runs it anew: of a short run two hundred changes take a while only.
      const shorten = (): Promise<void> => page.getByLabel('Ends at the latest after').fill('15')
      const tuning = page.locator('.tuning')
      await shorten()
      const hosts = [await tuneAll(tuning.nth(0)), await tuneAll(tuning.nth(1))]
      await leaveFields(page)
      const tuned = await configOf(page)
      assert.deepEqual(
        tuned.hosts.map((host) => host.tuning),
        hosts,
      )
      const [first] = TUNABLES
      await tuning
        .nth(0)
        .getByLabel(first!.label, { exact: true })
        .fill(String(usualValue(first!.name)))
      await leaveFields(page)
      assert.ok(
        !(first!.name in (await configOf(page)).hosts[0].tuning),
        'the usual value is none of its own',
      )
      await click(page, 'Back to how it was')
      await shorten()
      await page.getByLabel('Compare with a second run').check()
      const versus = [await tuneAll(tuning.nth(2)), await tuneAll(tuning.nth(3))]
      await leaveFields(page)
      assert.deepEqual((await configOf(page)).versus, versus)
      assert.deepEqual((await configOf(page)).hosts, DEFAULT_LAB.hosts)
    }),
  )

  test('names and programs', skip, () =>
    withControls(async (page) => {
      const hosts = [
        { ...DEFAULT_LAB.hosts[0], name: 'anna', program: 'connect\nsend 10\nclose' },
        { ...DEFAULT_LAB.hosts[1], name: 'bert', program: 'listen\nreceive to end\nclose' },
      ] as const
      for (const [side, { name, program }] of hosts.entries()) {
        await page.fill(`#host-${side}-name`, name)
        await page.fill(`#host-${side}-program`, program)
      }
      await leaveFields(page)
      const config: LabConfig = { ...DEFAULT_LAB, hosts }
      await untilEvents(page, finishedRun(config).timeline().length)
      assert.deepEqual(await configOf(page), config)
    }),
  )

  test('calls at the cursor: each of them, for either host', skip, () =>
    withControls(async (page) => {
      await goTo(page, 40)
      const buttons = page.locator('.calls > div.actions button')
      const count = await buttons.count()
      for (let k = 0; k < count; k++) {
        await page.getByLabel('Whose program').selectOption(String(k % 2))
        await buttons.nth(k).click()
      }
      await page.getByLabel('Any step').fill('set nodelay on')
      await click(page, 'Do it')
      const calls = (await configOf(page)).interventions
      assert.equal(calls.length, count + 1)
      assert.deepEqual(new Set(calls.map((call) => call.kind)), new Set(['call']))
      await page
        .getByRole('button', { name: /^Take back/ })
        .first()
        .click()
      assert.equal((await configOf(page)).interventions.length, count)
    }),
  )
})

test('the run: seeds, limit, IP version, octets of a lesson, and back', skip, () =>
  withControls(async (page) => {
    await page.getByLabel('Seed', { exact: true }).fill('7')
    await click(page, 'Another seed')
    assert.equal((await configOf(page)).seed, 8)
    await page.getByLabel('Ends at the latest after').fill('90')
    await page.getByLabel('IPv6').check()
    const { untilMs, ipv6 } = await configOf(page)
    assert.deepEqual([untilMs, ipv6], [90, true])
    const lesson = findLesson('fast-retransmit')!
    await page.selectOption('#lesson', lesson.name)
    await page.getByLabel('Octets sent').fill('3000')
    await leaveFields(page)
    await untilEvents(page, finishedRun({ ...lesson.config, bytes: 3000 }).timeline().length)
    await click(page, 'Back to how it was')
    await untilEvents(page, finishedRun(lesson.config).timeline().length)
  }),
)

describe('a packet', () => {
  test(
    'is dropped, let pass, held back, delivered twice and damaged, and the run is that of Node',
    skip,
    () =>
      withControls(async (page) => {
        await atFirstData(page)
        const run = finishedRun()
        const event = run.timeline().events[firstData(run)] as { readonly packet: number }
        const { from, packet } = run.sender(event.packet)!
        const ways = [
          ['Drop it', { kind: 'drop', from, packet }],
          ['Hold it back', { kind: 'delay', from, packet, byUs: 30_000 }],
          ['Deliver it twice', { kind: 'duplicate', from, packet }],
          ['Damage it', { kind: 'corrupt', from, packet }],
        ] as const
        for (const [words, one] of ways) {
          await click(page, 'More …')
          if (one.kind === 'delay') await page.getByLabel('Milliseconds').fill('30')
          await dialog(page).getByRole('button', { name: words }).click()
          const config: LabConfig = { ...DEFAULT_LAB, interventions: [one] }
          await untilEvents(page, finishedRun(config).timeline().length)
          assert.deepEqual(await configOf(page), config, words)
          await click(page, 'More …')
          await dialog(page).getByRole('button', { name: 'Let it pass' }).click()
          await untilEvents(page, run.timeline().length)
        }
        await click(page, 'Drop it')
        assert.deepEqual((await configOf(page)).interventions, [ways[0][1]])
        await click(page, 'Let it pass')
        assert.deepEqual((await configOf(page)).interventions, [])
        await click(page, 'More …')
        await closeDialog(page)
        assert.equal(await dialog(page).count(), 0)
      }),
  )

  for (const [words, kind] of [
    ['Forge a segment …', 'inject'],
    ['Forge ICMP …', 'icmp'],
  ] as const) {
    test(`${words}: every field of it`, skip, () =>
      withControls(async (page) => {
        await atFirstData(page)
        await page.getByRole('button', { name: words.slice(0, -2) }).click()
        await closeDialog(page)
        await page.getByRole('button', { name: words.slice(0, -2) }).click()
        await dialog(page)
          .locator('summary')
          .evaluateAll((all) => {
            for (const one of all) one.click()
          })
        for (const select of await dialog(page).locator('select').all()) {
          const values = await select
            .locator('option')
            .evaluateAll((all) => all.map((one) => one.getAttribute('value')!))
          const chosen = await select.inputValue()
          for (const value of [...values.reverse(), chosen]) await select.selectOption(value)
        }
        for (const box of await dialog(page).locator('input[type=checkbox]').all()) await box.click()
        const sent: number[] = []
        for (const [k, number] of (
          await dialog(page).locator('input[type=number]:visible').all()
        ).entries()) {
          await number.fill(String(k + 3))
          sent.push(k + 3)
        }
        for (const text of await dialog(page).locator('input[type=text]').all()) {
          const id = await text.getAttribute('id')
          await text.fill('nothing that stays')
          await text.fill(TEXTS[id ?? ''] ?? '')
        }
        await click(page, 'Forge')
        await dialog(page).waitFor({ state: 'detached' })
        const [one] = (await configOf(page)).interventions
        assert.equal(one!.kind, kind)
        const told = JSON.stringify(one)
        for (const number of sent.slice(1))
          assert.match(told, new RegExp(`[:[,]${number}[,}\\]]`), `${number} in ${told}`)
      }),
    )
  }

  const TEXTS: Readonly<Record<string, string>> = {
    'forge-from': '198.51.100.7',
    'forge-text': '',
    'forge-sack': '1-2',
    'forge-options': '1e040000',
  }
})
