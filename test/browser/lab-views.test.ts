/** The pictures of the lab in Chromium: each tells what the cursor is at, leads it, and keeps what the reader chose of it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import {
  drop,
  finishedRun,
  goTo,
  leaveFields,
  placeOf,
  saved,
  untilEvents,
  untilRun,
  WIDE,
  withLab,
} from './lab-file.ts'
import { lacksBrowser, withFile } from './page.ts'
import { details, marks } from './viewer-file.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

const { events } = finishedRun().timeline()

/** The page's number of the first event of which this is so. */
function numberOf(isWanted: (event: (typeof events)[number]) => boolean): number {
  return events.findIndex(isWanted) + 1
}

const FIRST_DATA = numberOf((event) => event.kind === 'sent' && event.segment.length > 0)

/** What a capture has, packet by packet. */
function packets(octets: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  const reader = new CaptureReader(({ bytes, start, length }) =>
    found.push(bytes.slice(start, start + length)),
  )
  reader.readWhole(octets)
  return found
}

/** Where a packet stands in the capture of the left host, before which nothing was lost. */
function packetPlace(event: (typeof events)[number]): number {
  const own = events.filter(
    ({ kind, host, at }) => host === 'client' && at <= event.at && (kind === 'sent' || kind === 'received'),
  )
  return own.indexOf(event)
}

async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click()
}

describe('the states', () => {
  test('the diagram has both ways, follows the cursor, and its steps lead the cursor', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      await tab(page, 'States')
      const now = page.locator('.states-view .state.now')
      await goTo(
        page,
        numberOf((event) => event.kind === 'state' && event.to === 'SYN-SENT'),
      )
      assert.deepEqual((await now.allTextContents()).sort(), ['LISTEN', 'SYN-SENT'])
      const steps = page.locator('.states-view [role=button]')
      const established = steps.filter({ hasText: 'SYN-SENT → ESTABLISHED' })
      assert.match((await established.textContent())!, /rcv SYN,ACK/, 'why')
      await established.click()
      const at = events.find((event) => event.kind === 'state' && event.to === 'ESTABLISHED')!.at
      assert.match((await page.textContent('.place'))!, new RegExp(`^${at / 1000} ms`))
      assert.match((await established.getAttribute('class'))!, /current/)
      assert.ok((await now.allTextContents()).includes('ESTABLISHED'))
      await steps.filter({ hasText: 'TIME-WAIT → CLOSED' }).focus()
      await page.keyboard.press('Enter')
      const { event, events: count } = await placeOf(page)
      assert.equal(event, count)
      assert.deepEqual(misdeeds.complaints, [])
    })
  })
})

describe('the diagram', () => {
  test('details are those of the message at the cursor, and its links lead the cursor', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      await goTo(page, FIRST_DATA)
      assert.match(await details(page), /ACK from client to server.*Length\s*1460 octets/s)
      await page.locator('.details').getByRole('button').last().click()
      assert.notEqual((await placeOf(page)).event, FIRST_DATA)
      assert.match(await details(page), /Acknowledges|ACK from server/)
      await goTo(
        page,
        numberOf((event) => event.kind === 'state' && event.to === 'ESTABLISHED'),
      )
      assert.match(await details(page), /state.*ESTABLISHED/s)
      assert.deepEqual(misdeeds.complaints, [])
    })
  })

  test(
    'the octets of a message are those of the capture, and hovering shows those of another',
    skip,
    async () => {
      await withLab({}, async (page, misdeeds) => {
        await goTo(page, FIRST_DATA)
        await page.locator('.details summary', { hasText: 'Octets' }).click()
        const dump = page.locator('.details .octets')
        const event = events[FIRST_DATA - 1]!
        assert.equal(event.kind, 'sent')
        const [sent] = packets(finishedRun().capture('client').octets).slice(packetPlace(event))
        const shown = (await dump.textContent())!
          .split('\n')
          .flatMap((row) => row.slice(6, 29).trim().split(' '))
          .join('')
        assert.equal(shown, Buffer.from(sent!).toString('hex'))
        await page
          .getByRole('option', { name: /SYN,ACK/ })
          .first()
          .locator('text.message')
          .hover()
        await page.locator('.details h2', { hasText: 'SYN,ACK' }).waitFor()
        assert.notEqual(await dump.textContent(), shown)
        assert.deepEqual(misdeeds.complaints, [])
      })
    },
  )

  test('what the reader chose of view, messages, size and folds stays from run to run', skip, async () => {
    await withLab({}, async (page) => {
      await page.getByLabel('Show', { exact: true }).selectOption('client')
      await page.getByLabel('Messages', { exact: true }).selectOption('data')
      const width = (): Promise<number> =>
        page.locator('.diagram-body svg').evaluate((svg) => svg.clientWidth)
      const fitting = await width()
      await page.getByRole('button', { name: 'Larger' }).click()
      const larger = await width()
      assert.ok(larger > fitting)
      const some = await marks(page)
      await page.fill('#host-0-program', 'connect\nsend 20000\nclose')
      await page.press('#host-0-program', 'Tab')
      await page.locator('.place', { hasText: new RegExp(` of (?!${events.length}$)`) }).waitFor()
      assert.equal(await page.getByLabel('Show', { exact: true }).inputValue(), 'client')
      assert.equal(await page.getByLabel('Messages', { exact: true }).inputValue(), 'data')
      assert.equal(await width(), larger)
      await page.getByLabel('Messages', { exact: true }).selectOption('all')
      assert.ok((await marks(page)) > some)
    })
  })

  test(
    'the search finds a message and leads the cursor there; numbers are the same in all views',
    skip,
    async () => {
      await withLab({}, async (page) => {
        await leaveFields(page)
        await page.keyboard.press('/')
        await page.keyboard.type('syn ack mss')
        await page.keyboard.press('Enter')
        const synAck = numberOf((event) => event.kind === 'sent' && event.reason === 'syn-ack')
        assert.equal((await placeOf(page)).event, synAck)
        assert.match(await details(page), /SYN,ACK from server to client/)
        await page.getByLabel('Numbers', { exact: true }).selectOption('relative')
        assert.ok(await page.getByLabel('numbers from each SYN').isChecked())
        await page.getByLabel('numbers from each SYN').uncheck()
        assert.equal(await page.getByLabel('Numbers', { exact: true }).inputValue(), 'absolute')
      })
    },
  )

  test('diagram and graph stand side by side and show the same moment', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      await tab(page, 'Both')
      const [left, right] = await Promise.all(
        ['.diagram-scroll', '.graph-plot'].map((part) => page.locator(part).boundingBox()),
      )
      assert.ok(left!.width > 300 && right!.width > 300 && left!.x + left!.width <= right!.x)
      await goTo(page, FIRST_DATA)
      await page.locator('.graph-cursor.chosen').waitFor()
      assert.match((await page.locator('[role=option][aria-selected=true]').textContent())!, /1460/)
      await page
        .getByRole('option', { name: /SYN,ACK/ })
        .first()
        .locator('text.message')
        .click()
      const { event } = await placeOf(page)
      assert.equal(events[event - 1]!.kind, 'sent')
      assert.match((await page.locator('.graph-cursor.chosen span').textContent()) ?? '', /^20 ms/)
      assert.deepEqual(misdeeds.complaints, [])
    })
  })
})

test('keys in the list of events move the choice, and the list goes with it', skip, async () => {
  await withLab({}, async (page) => {
    await tab(page, 'Events')
    const list = page.getByRole('listbox', { name: 'Events of the run' })
    await list.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    assert.equal((await placeOf(page)).event, 2)
    await page.keyboard.press('PageDown')
    assert.ok((await placeOf(page)).event > 5)
    await page.keyboard.press('End')
    assert.equal((await placeOf(page)).event, events.length)
    const last = list.getByRole('option', { selected: true })
    assert.ok(await last.isVisible())
    assert.equal(await list.getAttribute('aria-activedescendant'), await last.getAttribute('id'))
    await page.keyboard.press('Home')
    assert.equal((await placeOf(page)).event, 1)
  })
})

test('a film ends with every view where the cursor is', skip, async () => {
  await withLab({}, async (page) => {
    await goTo(page, events.length - 30)
    await page.selectOption('[aria-label=Speed]', '10')
    await leaveFields(page)
    await page.keyboard.press(' ')
    await page.locator('.play', { hasText: 'Run' }).waitFor()
    assert.equal((await placeOf(page)).event, events.length)
    const states = await page.locator('.variables tbody tr').first().locator('td').allTextContents()
    assert.deepEqual(states, ['CLOSED', 'CLOSED'])
    const last = events.at(-1)!
    assert.match(await details(page), new RegExp(`${last.host}: ${last.kind}`))
  })
})

test('a packet has one name: that by which interventions call it', skip, async () => {
  await withLab({}, async (page) => {
    await goTo(page, FIRST_DATA)
    const name = (await page.textContent('.packet-name'))!
    assert.match(name, /^Packet \d+ of client$/)
    await leaveFields(page)
    await page.keyboard.press('Enter')
    assert.equal(await page.textContent('dialog h2'), name)
    assert.match((await page.textContent('dialog'))!, /Number\d+ of all packets of the run/)
    await page.getByRole('button', { name: 'Drop it' }).last().click()
    await page.locator('.interventions li', { hasText: `${name.toLowerCase()}: dropped` }).waitFor()
    await page.getByRole('button', { name: /^Take back/ }).click()
    await untilEvents(page, events.length)
  })
})

describe('saving', () => {
  test('the graph as it is seen, for xplot too, and the states', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      const states = await saved(page, 'states')
      assert.match(states.octets.toString(), /^<svg [\s\S]*client: CLOSED, SYN-SENT, ESTABLISHED/)
      const xpl = await saved(page, 'xpl')
      assert.match(xpl.name, /-time-sequence\.xpl$/)
      assert.match(xpl.octets.toString(), /^timeval double\ntitle\n[\s\S]*\ngo\n$/)
      await tab(page, 'Graphs')
      await page.getByLabel('Graph', { exact: true }).first().selectOption('rtt')
      await page.getByLabel('Data', { exact: true }).selectOption('1')
      const graph = await saved(page, 'graph')
      assert.match(graph.name, /-rtt\.svg$/)
      const svg = graph.octets.toString()
      assert.match(svg, /^<svg [\s\S]*server[\s\S]*<\/svg>\s*$/)
      assert.match(svg, /Free play/)
      assert.match((await saved(page, 'xpl')).octets.toString(), /\(rtt samples|\(round|rtt/)
      assert.deepEqual(misdeeds.complaints, [])
    })
  })

  test('two runs compared; without a second run there is nothing to compare', skip, async () => {
    await withLab({}, async (page) => {
      await page.selectOption('[aria-label=Export]', 'compare')
      await page.getByText('There is no second run').waitFor()
      await page.selectOption('#lesson', 'initial-window')
      await page.locator('.outcomes tbody tr').first().waitFor()
      const { name, octets } = await saved(page, 'compare')
      assert.match(name, /-compared\.html$/)
      await withFile(octets.toString(), { viewport: WIDE }, async (copy, its) => {
        assert.equal(await copy.locator('main > svg').count(), 2)
        assert.match((await copy.textContent('table'))!, /Segments sent again/)
        assert.match((await copy.textContent('main'))!, /Second run, \w+: \w+/)
        assert.deepEqual(its, { requests: [], complaints: [] })
      })
    })
  })

  test('a page saved of a capture shows it, and Share says that a link cannot', skip, async () => {
    const result = runScenario(findScenario('reset')!)
    const { octets } = result.capture(result.hosts[0]!)
    await withLab({}, async (page, misdeeds) => {
      await drop(page, 'reset.pcapng', octets)
      await page.locator('.story h2', { hasText: 'reset.pcapng' }).waitFor()
      const [words, place] = [await page.textContent('.story-words'), await page.textContent('.place')]
      await page.getByRole('button', { name: 'Share' }).click()
      assert.match((await page.textContent('dialog'))!, /A link holds the configuration of a run/)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save it as a page' }).click(),
      ])
      const html = readFileSync(await download.path(), 'utf8')
      assert.equal(new URL(page.url()).hash, '')
      assert.deepEqual(misdeeds.complaints, [])
      await withFile(html, { viewport: WIDE, acceptDownloads: true }, async (copy, its) => {
        await untilRun(copy)
        assert.match((await copy.textContent('.story h2'))!, /reset\.pcapng/)
        assert.equal(await copy.textContent('.story-words'), words)
        assert.equal(await copy.textContent('.place'), place)
        await copy.selectOption('[aria-label=Export]', 'pcapng')
        await copy.getByText('not with the packets themselves').waitFor()
        // What was saved of it shows the same; what is saved of a run, that run.
        const again = await saved(copy, 'html')
        assert.match(again.octets.toString(), /reset\.pcapng/)
        await copy.selectOption('#lesson', 'lossy-path')
        await copy.locator('.story h2', { hasText: 'reset' }).waitFor({ state: 'detached' })
        const run = await saved(copy, 'html')
        assert.ok(!run.octets.toString().includes('reset.pcapng'))
        assert.deepEqual(its.complaints, [])
      })
    })
  })
})
