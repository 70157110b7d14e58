/** What is done to a run of the lab from its page, in Chromium: calls at the cursor, forgeries, what is open meanwhile. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { JoinedCaptures } from '../../src/analyze/outside/joined-captures.ts'
import { StreamRecording } from '../../src/analyze/outside/stream-recording.ts'
import { PlaceCapture } from '../../src/analyze/outside/two-captures.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import type { ForgedSegment } from '../../src/lab/forged.ts'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { LabRun, recordedRun } from '../../src/lab/lab-run.ts'
import { findLesson } from '../../src/lab/lessons.ts'
import { shareText } from '../../src/lab/share.ts'
import { VARIABLES } from '../../src/lab/variables.ts'
import { configOf, goTo, leaveFields, untilEvents, withLab } from './lab-file.ts'
import { lacksBrowser } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

function runOf(config: LabConfig): LabRun {
  const run = new LabRun(config)
  run.advance()
  return run
}

describe('at the cursor', () => {
  test('an application does what is clicked or written, there and in every later run', skip, async () => {
    await withLab({}, async (page, misdeeds) => {
      const timeline = runOf(DEFAULT_LAB).timeline()
      const index = timeline.events.findIndex(({ kind, at }) => kind === 'received' && at > 60_000)
      const atUs = Math.floor(timeline.timeOf(index)) + 1
      await goTo(page, index + 1)
      await page.selectOption('[aria-label="Whose program"]', { label: 'server' })
      await page.getByRole('button', { name: 'Send 1000' }).click()
      const once: LabConfig = {
        ...DEFAULT_LAB,
        interventions: [{ kind: 'call', atUs, host: 1, step: 'send 1000' }],
      }
      await untilEvents(page, runOf(once).timeline().length)
      assert.deepEqual(await configOf(page), once)
      await leaveFields(page)
      await page.keyboard.press('c')
      await page.keyboard.type('set nodely on')
      await page.press('#call-step', 'Enter')
      await page.getByText("unknown option 'nodely'; did you mean nodelay?").waitFor()
      await page.fill('#call-step', 'set nodelay on')
      await page.press('#call-step', 'Enter')
      const twice: LabConfig = {
        ...DEFAULT_LAB,
        interventions: [...once.interventions, { kind: 'call', atUs, host: 1, step: 'set nodelay on' }],
      }
      await untilEvents(page, runOf(twice).timeline().length)
      assert.deepEqual(await configOf(page), twice)
      assert.match((await page.textContent('.interventions'))!, /server: send 1000/)
      await page.getByRole('button', { name: /^Take back: .*send 1000/ }).click()
      await page.getByRole('button', { name: /^Take back/ }).click()
      await untilEvents(page, timeline.length)
      assert.deepEqual(misdeeds, { requests: [], complaints: [] })
    })
  })

  test(
    'a segment is forged with options, a text and every bit, from a stranger, and wrong',
    skip,
    async () => {
      await withLab({}, async (page) => {
        const timeline = runOf(DEFAULT_LAB).timeline()
        const index = timeline.events.findIndex(({ kind, at }) => kind === 'received' && at > 60_000)
        const atUs = Math.floor(timeline.timeOf(index)) + 1
        await goTo(page, index + 1)
        await page.getByRole('button', { name: /^Forge a segment/ }).click()
        await page.evaluate("for (const one of document.querySelectorAll('dialog details')) one.open = true")
        await page.getByRole('combobox', { name: 'It arrives at' }).selectOption({ label: 'client' })
        for (const [label, value] of [
          ['It claims to come from', '198.51.100.7'],
          ['Sequence number', '7'],
          ['Acknowledgment', '8'],
          ['Or this text', 'hello'],
          ['MSS', '500'],
          ['Window scale', '3'],
          ['TSval', '11'],
          ['SACK blocks', '5-6, 7'],
          ['Others, in hex: kind, length, data', '1e04 0000'],
          ['Data offset, in words of 4 octets', '15'],
        ] as const)
          await page.getByLabel(label, { exact: true }).fill(value)
        for (const box of ['RST', 'CWR', 'reserved bits', 'SACK permitted', 'Wrong checksum'])
          await page.locator('dialog').getByLabel(box, { exact: true }).click()
        const forge = page.getByRole('button', { name: 'Forge', exact: true })
        await forge.click()
        await page.getByText("SACK blocks: expected two numbers with a dash, not '7'").waitFor()
        await page.getByLabel('SACK blocks').fill('5-6')
        await forge.click()
        await page.locator('dialog').waitFor({ state: 'detached' })
        const { localPort, remotePort } = portsOf(runOf(DEFAULT_LAB))
        const segment: ForgedSegment = {
          ...{ srcPort: remotePort, dstPort: localPort, seq: 7, ack: 8, flags: 0xe80, window: 65_535 },
          ...{ urgentPointer: 0, length: 0, text: 'hello', mss: 500, windowScale: 3, timestamps: [11, 0] },
          ...{ sackPermitted: true, sack: [[5, 6]], options: '1e040000', dataOffset: 15, badChecksum: true },
        }
        const config: LabConfig = {
          ...DEFAULT_LAB,
          interventions: [{ kind: 'inject', atUs, to: 0, from: '198.51.100.7', segment }],
        }
        assert.deepEqual(await configOf(page), config)
        await untilEvents(page, runOf(config).timeline().length)
      })
    },
  )

  test('an ICMP error is forged about what is in flight, and believed', skip, async () => {
    await withLab({}, async (page) => {
      const run = runOf(DEFAULT_LAB)
      const timeline = run.timeline()
      const index = timeline.events.findIndex((event) => event.kind === 'sent' && event.segment.length > 0)
      await goTo(page, index + 1)
      await page.getByRole('button', { name: /^Forge ICMP/ }).click()
      await page.getByRole('button', { name: 'Forge', exact: true }).click()
      await page
        .getByText(/ICMP fragmentation needed \(MTU 576\) about number 101 arrives at client/)
        .waitFor()
      const { localPort, remotePort } = portsOf(run)
      const error = {
        ...{ seq: 101, length: 1460, srcPort: localPort, dstPort: remotePort, mtu: 576 },
        says: 'fragmentation-needed',
      } as const
      const config: LabConfig = {
        ...DEFAULT_LAB,
        interventions: [{ kind: 'icmp', atUs: timeline.timeOf(index) + 1, to: 0, error }],
      }
      assert.deepEqual(await configOf(page), config)
      await untilEvents(page, runOf(config).timeline().length)
      await page.getByRole('button', { name: 'To the end' }).click()
      const mss = page.locator('.variables tr', { has: page.locator('th:text-is("Eff.snd.MSS")') })
      assert.equal(await mss.locator('td').first().textContent(), '536')
    })
  })
})

/** Another connection, whose numbers are not those of the lab's run. */
const OTHER = runOf({
  ...DEFAULT_LAB,
  seed: 2,
  hosts: [{ ...DEFAULT_LAB.hosts[0], iss: 7 }, DEFAULT_LAB.hosts[1]],
})

/** The first packet that never arrived: the place of its event, and its frame. */
function firstLost(captures: readonly [Uint8Array, Uint8Array]): { place: number; frame: number } {
  const places = [new PlaceCapture(), new PlaceCapture()] as const
  const recordings = [new StreamRecording(0, 1000), new StreamRecording(0, 1000)] as const
  for (const [k, octets] of captures.entries())
    new CaptureReader((record) => {
      places[k]!.take(record)
      recordings[k]!.take(record)
    }).readWhole(octets)
  const joined = new JoinedCaptures(places)
  const { events } = joined.join(joined.shared[0]!, recordings)
  const place = events.findIndex((_, k) => {
    const next = events[k + 1]
    return next?.kind === 'network' && next.action === 'lost'
  })
  const event = events[place]
  assert.ok(event?.kind === 'sent')
  return { place, frame: Number(/^frame (\d+) at the server$/.exec(event.note!)![1]) }
}

describe('what is open', () => {
  test('controls of the run rest while a capture is open, and lead back to the run', skip, async () => {
    const run = runOf(DEFAULT_LAB)
    const count = run.timeline().length
    await withLab({}, async (page, misdeeds) => {
      await drop(page, ['both.pcapng', run.capture('client').octets], ['other.pkt', new Uint8Array([32])])
      await page.locator('.story h2', { hasText: 'both.pcapng, stream 0' }).waitFor()
      await page.getByText('both.pcapng was opened; one at a time: other.pkt was not.').waitFor()
      await page.getByText('This is a capture. The controls belong to the lab’s own run.').waitFor()
      assert.equal(await page.inputValue('#lesson'), '')
      assert.ok(await page.getByLabel('Connection of the capture').isVisible())
      assert.equal(await page.locator('.side [inert]').count(), 1)
      assert.ok(await page.locator('[aria-label=Export] option[value=log]').isDisabled())
      await page.keyboard.press('f')
      assert.equal(await page.locator('dialog').count(), 0)
      await page.getByRole('button', { name: 'Back to the lab’s run' }).click()
      await untilEvents(page, count)
      assert.equal(await page.getByLabel('Connection of the capture').isVisible(), false)
      assert.equal(await page.locator('.side [inert]').count(), 0)
      assert.equal(await page.inputValue('#lesson'), 'free-play')
      assert.deepEqual(misdeeds, { requests: [], complaints: [] })
    })
  })

  test('two captures that are dropped together are the two ends of their connections', skip, async () => {
    const run = runOf({ ...DEFAULT_LAB, interventions: [{ kind: 'drop', from: 0, packet: 4 }] })
    const [client, server] = run.hosts.map((host) => run.capture(host).octets) as [Uint8Array, Uint8Array]
    await withLab({}, async (page, misdeeds) => {
      await drop(page, ['there.pcapng', server], ['here.pcapng', client])
      await page.locator('.story h2', { hasText: 'there.pcapng and here.pcapng, stream 0' }).waitFor()
      const nearer = 'here.pcapng was taken nearer to the client, there.pcapng nearer to the server.'
      await page.getByText(nearer).waitFor({ state: 'attached' })
      await page.keyboard.press('4')
      // One capture knows of no loss: it takes both to see that a packet left and never came.
      assert.match((await page.textContent('.trace'))!, /packet \d+ is lost/)
      await drop(page, ['here.pcapng', client], ['other.pcapng', OTHER.capture('server').octets])
      await page.locator('.story h2', { hasText: 'here.pcapng, stream 0' }).waitFor()
      const told =
        'They have no TCP connection in common. here.pcapng was opened; one at a time: other.pcapng was not.'
      await page.getByText(told).waitFor()
      assert.deepEqual(misdeeds, { requests: [], complaints: [] })
    })
  })

  test('each of two captures numbers its frames: what never arrived has its own octets', skip, async () => {
    const run = runOf({ ...DEFAULT_LAB, interventions: [{ kind: 'drop', from: 1, packet: 2 }] })
    const [client, server] = run.hosts.map((host) => run.capture(host).octets) as [Uint8Array, Uint8Array]
    // With another connection behind this one the client's capture has more frames than all packets of this one have numbers.
    const here = new Uint8Array([...client, ...OTHER.capture('client').octets])
    const { place, frame } = firstLost([server, here])
    const frames: Buffer[] = []
    new CaptureReader(({ bytes, start, length }) =>
      frames.push(Buffer.from(bytes.slice(start, start + length))),
    ).readWhole(server)
    await withLab({}, async (page, misdeeds) => {
      await drop(page, ['there.pcapng', server], ['here.pcapng', here])
      await page.locator('.story h2', { hasText: 'there.pcapng and here.pcapng, stream 0' }).waitFor()
      await goTo(page, place + 1)
      await page.locator('.details dd', { hasText: new RegExp(`^${frame} at the server$`) }).waitFor()
      await page.locator('.details summary', { hasText: 'Octets' }).click()
      const rows = ((await page.textContent('.details .octets')) ?? '').split('\n')
      const shown = rows.map((row) => row.slice(6, 29).replaceAll(' ', '')).join('')
      assert.equal(shown, frames[frame - 1]!.toString('hex'))
      assert.deepEqual(misdeeds, { requests: [], complaints: [] })
    })
  })

  test('a run that is still under way does not take the place of what was opened', skip, async () => {
    const { octets } = runOf(DEFAULT_LAB).capture('client')
    await withLab({}, async (page) => {
      await page.evaluate(`{
        const seed = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Another seed')
        seed.click()
        ${dropText(['late.pcapng', octets])}
      }`)
      await page.locator('.story h2', { hasText: 'late.pcapng' }).waitFor()
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))')
      assert.match((await page.textContent('.story h2'))!, /late\.pcapng/)
    })
  })

  test(
    'an experiment stays that experiment: changed it says so, and "back" leads to its beginning',
    skip,
    async () => {
      const lesson = findLesson('lossy-path')!
      await withLab({}, async (page) => {
        await page.selectOption('#lesson', 'lossy-path')
        await page.locator('.story h2', { hasText: lesson.title }).waitFor()
        await page.getByRole('button', { name: 'Another seed' }).click()
        await page.locator('.story h2', { hasText: `${lesson.title} (changed)` }).waitFor()
        assert.equal(await page.inputValue('#lesson'), 'lossy-path')
        assert.ok((await page.textContent('.story'))!.includes(lesson.words))
        assert.equal((await configOf(page)).seed, lesson.config.seed + 1)
        await page.getByRole('button', { name: 'Back to how it was' }).click()
        await untilEvents(page, runOf(lesson.config).timeline().length)
        assert.deepEqual(await configOf(page), lesson.config)
      })
    },
  )

  test('a run is saved as a log, and opened again with its variables', skip, async () => {
    const config: LabConfig = {
      ...DEFAULT_LAB,
      interventions: [{ kind: 'call', atUs: 90_000, host: 1, step: 'send 300' }],
    }
    await withLab({ hash: shareText(config) }, async (page) => {
      const run = runOf(config)
      const count = run.timeline().length
      await untilEvents(page, count)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.selectOption('[aria-label=Export]', 'log'),
      ])
      assert.equal(download.suggestedFilename(), 'client-and-server.elko-log')
      const octets = new Uint8Array(readFileSync(await download.path()))
      assert.deepEqual(octets, recordedRun(config))
      await drop(page, ['run.elko-log', octets])
      await page.getByText(/Replayed from run\.elko-log/).waitFor({ state: 'attached' })
      await untilEvents(page, count)
      await page.getByRole('button', { name: 'To the end' }).click()
      const una = page.locator('.variables tr', { has: page.locator('th:text-is("SND.UNA")') })
      for (const [i, host] of run.hosts.entries()) {
        const { values } = run.tracks.of(host, 1)!.at(run.steps)!
        const expected = values[VARIABLES.findIndex(({ name }) => name === 'SND.UNA')]!
        assert.equal(await una.locator('td').nth(i).textContent(), String(expected))
      }
    })
  })
})

type NamedOctets = readonly [name: string, octets: Uint8Array]

function dropText(...files: readonly NamedOctets[]): string {
  const added = files.map(([name, octets]) => {
    return `data.items.add(new File([new Uint8Array([${[...octets].join(',')}])], ${JSON.stringify(name)}))`
  })
  return `{
    const data = new DataTransfer()
    ${added.join('\n')}
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }))
  }`
}

/** As a file manager would: the files are dropped on the page, together. */
async function drop(page: Page, ...files: readonly NamedOctets[]): Promise<void> {
  await page.evaluate(dropText(...files))
}

/** Of the client's connection. */
function portsOf(run: LabRun): { readonly localPort: number; readonly remotePort: number } {
  const syn = run.trace.find((event) => event.kind === 'sent')!
  return { localPort: syn.segment.srcPort, remotePort: syn.segment.dstPort }
}
