/** What is opened in the lab and what is saved from it, in Chromium; and that everybody can use it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { temporaryFolder } from '../cli/elko.ts'
import {
  drop,
  finishedRun,
  firstData,
  goTo,
  leaveFields,
  openSections,
  saved,
  untilRun,
  WIDE,
  withLab,
} from './lab-file.ts'
import { lacksBrowser, withFile } from './page.ts'
import { focusedControl, seenControls, watchControls } from './used-controls.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }
const folder = temporaryFolder()
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe('opening', () => {
  test('a capture that is dropped shows its connections and their diagnosis', skip, async () => {
    const result = runScenario(findScenario('reset')!)
    const { octets } = result.capture(result.hosts[0]!)
    await withLab({}, async (page, misdeeds) => {
      await drop(page, 'reset.pcapng', octets)
      await page.locator('.story h2', { hasText: 'reset.pcapng, stream 0' }).waitFor()
      assert.match((await page.textContent('.story'))!, /reset/)
      assert.equal(await page.getByLabel('Connection of the capture').locator('option').count(), 1)
      await page.keyboard.press('4')
      assert.match((await page.textContent('.trace'))!, /Flags \[S\]/)
      await drop(page, 'nothing.pcap', new Uint8Array([1, 2, 3]))
      await page.getByText(/This is no capture that can be read/).waitFor()
      await page.selectOption('#lesson', 'classic')
      await page.locator('.story h2', { hasText: 'The classic connection' }).waitFor()
      assert.equal(await page.getByLabel('Connection of the capture').isVisible(), false)
      assert.deepEqual(misdeeds, { requests: [], complaints: [] })
    })
  })

  test('a log of a run is run once more', skip, async () => {
    const record = new InputLog()
    runScenario(findScenario('two-army')!, { record })
    await withLab({}, async (page) => {
      await drop(page, 'run.elko', record.octets())
      await page.locator('.story h2', { hasText: findScenario('two-army')!.title }).waitFor()
      await page.getByText(/Replayed from run\.elko: \d+ of \d+ events/).waitFor({ state: 'attached' })
      await page.keyboard.press('4')
      assert.match((await page.textContent('.trace'))!, /FIN-WAIT-1|Flags \[S\]/)
      await drop(page, 'bad.elko', new TextEncoder().encode('elko-log 99 nothing'))
      await page.locator('.story .error').waitFor()
    })
  })

  test('a script is played, pasted or dropped, and its verdict told', skip, async () => {
    await withLab({}, async (page) => {
      await page.keyboard.press('o')
      await page.getByRole('button', { name: 'Play the script' }).click()
      await page.getByText(/The script passes/).waitFor()
      const wrong = '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = -1\n'
      await drop(page, 'wrong.pkt', new TextEncoder().encode(wrong))
      await page.getByText(/The script fails at line 2/).waitFor()
    })
  })
})

describe('saving', () => {
  test('packets, picture and page are those of the run', skip, async () => {
    const run = finishedRun()
    await withLab({}, async (page, misdeeds) => {
      const packets = await saved(page, 'pcapng')
      assert.equal(packets.name, 'lab.pcapng')
      assert.deepEqual(new Uint8Array(packets.octets), run.capture('client').octets)
      checkWithTshark(packets.octets)
      const svg = await saved(page, 'svg')
      assert.match(svg.name, /^free-play.*\.svg$/)
      assert.match(svg.octets.toString(), /^<svg [\s\S]*SYN-SENT[\s\S]*<\/svg>\s*$/)
      const png = await saved(page, 'png')
      assert.deepEqual([...png.octets.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
      assert.ok(png.octets.readUInt32BE(16) > 800, 'its width')
      await page.getByLabel('Delay, slider').first().fill('77')
      const html = await saved(page, 'html')
      assert.deepEqual(misdeeds.complaints, [])
      // What it saves it makes itself.
      assert.deepEqual(
        misdeeds.requests.filter((address) => !address.startsWith('blob:')),
        [],
      )
      await withFile(html.octets.toString(), { viewport: WIDE }, async (copy, its) => {
        await untilRun(copy)
        assert.equal(await copy.getByLabel('Delay', { exact: true }).first().inputValue(), '77')
        assert.deepEqual(its, { requests: [], complaints: [] })
      })
    })
  })
})

/** Wireshark's own reader has nothing to complain of, and the comments are in place. */
function checkWithTshark(octets: Buffer): void {
  const file = join(folder, 'lab.pcapng')
  writeFileSync(file, octets)
  assert.ok(octets.includes('packet 1, syn: active OPEN'))
  const { status, stdout, stderr, error } = spawnSync(
    'tshark',
    ['-r', file, '-T', 'fields', '-e', 'frame.comment'],
    {
      encoding: 'utf8',
    },
  )
  if (error !== undefined) {
    assert.notEqual(process.env.CI, 'true', 'CI has tshark')
    console.log('tshark is not installed: nobody but Elko read the saved pcapng')
    return
  }
  assert.equal(status, 0, stderr)
  assert.match(stdout.split('\n')[0]!, /^packet 1, syn: active OPEN/)
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

/** @param part what is looked at: behind a dialog is what was there before it opened. */
async function seriousViolations(page: Page, part: 'document' | '"dialog"'): Promise<string[]> {
  const result = (await page.evaluate(`axe.run(${part}, { resultTypes: ['violations'] })`)) as {
    readonly violations: readonly Violation[]
  }
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html }) => html.slice(0, 160))
          .slice(0, 3)
          .join(' | ')}`,
    )
}

describe('for everybody', () => {
  for (const [colorScheme, width] of [
    ['light', 1400],
    ['dark', 1400],
    ['light', 390],
  ] as const) {
    test(`axe-core finds nothing serious, ${colorScheme}, ${width} pixels wide`, skip, async () => {
      await withLab({ colorScheme, viewport: { width, height: 900 } }, async (page) => {
        await page.evaluate(AXE)
        await openSections(page)
        await goTo(page, firstData(finishedRun()) + 1)
        for (const key of ['1', '2', '3', '4', '5', '6']) {
          await leaveFields(page)
          await page.keyboard.press(key)
          assert.deepEqual(await seriousViolations(page, 'document'), [], `tab ${key}`)
        }
        for (const key of ['?', 'f', 'o', 's', 'Enter']) {
          await leaveFields(page)
          await page.keyboard.press(key)
          await page.locator('dialog').waitFor()
          assert.deepEqual(await seriousViolations(page, '"dialog"'), [], `dialog ${key}`)
          await page.keyboard.press('Escape')
          await page.locator('dialog').waitFor({ state: 'detached' })
        }
      })
    })
  }

  test('the Tab key reaches every control, shows where it is, and is trapped by none', skip, async () => {
    await withLab({}, async (page) => {
      await goTo(page, firstData(finishedRun()) + 1)
      await leaveFields(page)
      await watchControls(page)
      const wanted = (await seenControls(page)).filter(({ isTabbed }) => isTabbed).map(({ key }) => key)
      const reached = new Set<string>()
      const unseen: string[] = []
      let focused = null
      // More than there are controls: lists of which each has a name of its own count as one.
      for (let presses = 0; presses < 3 * wanted.length; presses++) {
        await page.keyboard.press('Tab')
        focused = await focusedControl(page)
        if (focused === null) break
        reached.add(focused.key)
        if (!focused.isShown) unseen.push(focused.key)
      }
      assert.equal(focused, null, 'behind the last control the page is left')
      assert.deepEqual(unseen, [], 'where the focus is not seen')
      assert.deepEqual(
        wanted.filter((key) => !reached.has(key)),
        [],
        'what Tab does not reach',
      )
    })
  })

  for (const [width, height] of [
    [1400, 900],
    [1000, 700],
    [400, 800],
  ] as const) {
    test(`nothing is cut off at ${width} pixels, and the bar of time is always in sight`, skip, async () => {
      await withLab({ viewport: { width, height } }, async (page) => {
        await goTo(page, 30)
        const inside = await page.evaluate('document.documentElement.scrollWidth <= innerWidth')
        assert.equal(inside, true)
        const boxes = await Promise.all(
          ['.lab-head', '.story', '.wire', '.transport'].map((part) => page.locator(part).boundingBox()),
        )
        for (const box of boxes) assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width)
        const bar = boxes.at(-1)!
        assert.ok(bar.y + bar.height <= height + 1, 'the bar of time')
        const stage = (await page.locator('.stage').boundingBox())!
        assert.ok(stage.height >= height / 2, `the picture has ${stage.height} of ${height} pixels`)
        const pushed = await page.locator('.tool-row').evaluate((row) => row.scrollWidth - row.clientWidth)
        if (width >= 1200) assert.equal(pushed, 0, 'every control of the diagram is seen')
        if (width < 900) {
          const { y, height: tall } = (await page.locator('.diagram-scroll').boundingBox())!
          const seen = Math.min(y + tall, bar.y) - y
          assert.ok(seen >= height / 2, `the diagram has ${seen} of ${height} pixels`)
        }
        await page.emulateMedia({ media: 'print' })
        await page.evaluate('dispatchEvent(new Event("beforeprint"))')
        assert.ok(await page.locator('.paper tbody').isVisible())
        const controls = 'button, select, input, .wire, .details, .diagram-scroll'
        assert.equal(await page.locator(`:is(${controls}):visible`).count(), 0, 'on paper')
      })
    })
  }
})
