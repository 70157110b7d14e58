/**
 * `npm run bench -- pages`: what the pages cost a browser. Chromium's main thread is measured by its own processor time
 * (CDP Performance, threadTicks), which a loaded machine hardly changes; frames by the second it would.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { builtPage } from '../src/cli/built-page.ts'
import { labPageFile } from '../src/lab/page-file.ts'
import { CHROMIUM, QUIET } from '../test/browser/chromium.ts'
import { makeCapture, writeBulk } from './capture-maker.ts'

const ELKO = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))
const VIEWPORT = { width: 1600, height: 1000 } as const
/** Some 10,000 segments: 6,667 of text, an acknowledgment for every second one. */
const LAB_OCTETS = 6_667 * 1460
/** Frames that are measured of whatever moves. */
const FRAMES = 120
const MS = ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'] as const

export async function benchPages(rounds: number): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: [...QUIET] })
  try {
    for (let round = 1; round <= rounds; round++) {
      if (rounds > 1) console.log(`round ${round}`)
      await benchLab(browser)
      for (const packets of [2_000, 100_000]) await benchViewer(browser, packets)
    }
  } finally {
    await browser.close()
  }
}

async function benchLab(browser: Browser): Promise<void> {
  const html = labPageFile({ script: builtPage('lab.js'), style: builtPage('lab.css') })
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const page = await opened(browser, `http://127.0.0.1:${port}/`, 'lab')
    await page.locator('.place', { hasText: / of [1-9]/ }).waitFor()
    await page.fill('#host-0-program', `connect\nsend ${LAB_OCTETS}\nclose`)
    await page.press('#host-0-program', 'Tab')
    await page.locator('.place', { hasText: / of \d{5}/ }).waitFor()
    // Where it is thick of them: some events in each frame.
    await page.selectOption('[aria-label=Speed]', '0.2')
    const session = await measured(page)
    for (const [tab, name] of LAB_TABS) {
      await page.getByRole('tab', { name, exact: true }).click()
      await settled(page)
      await page.evaluate(TO_THE_MIDDLE)
      await perFrame(page, session, `lab, ${tab}, film plays`, 'document.querySelector(".play").click()', '')
      await page.locator('.play').click()
    }
    await page.getByRole('tab', { name: 'Diagram', exact: true }).click()
    await moved(page, session, 'lab')
    await page.context().close()
  } finally {
    server.close()
  }
}

const TO_THE_MIDDLE = `{
  const scrubber = document.querySelector('.scrubber')
  scrubber.value = scrubber.max / 2
  scrubber.dispatchEvent(new Event('input'))
}`
const LAB_TABS = [
  ['diagram', 'Diagram'],
  ['graph', 'Graphs'],
  ['states', 'States'],
  ['events', 'Events'],
] as const

/** The page of a capture of so many packets, as `elko diagram` writes it, from a disk. */
async function benchViewer(browser: Browser, packets: number): Promise<void> {
  const folder = join(tmpdir(), 'elko-bench')
  mkdirSync(folder, { recursive: true })
  const capture = join(folder, `${packets}.pcap`)
  makeCapture(capture, (sink) => writeBulk(sink, Math.round((packets * 2) / 3) * 1448))
  const out = join(folder, `${packets}.html`)
  execFileSync(process.execPath, [ELKO, 'diagram', capture, '-o', out], { stdio: 'ignore' })
  const name = `viewer, ${packets} packets`
  const page = await opened(browser, pathToFileURL(out).href, name)
  const session = await measured(page)
  await moved(page, session, name)
  await page.context().close()
}

/** The diagram unfolded and scrolled, the graph zoomed. */
async function moved(page: Page, session: CDPSession, name: string): Promise<void> {
  await perFrame(page, session, `${name}, folded, scrolled`, '', SCROLL)
  await timed(page, session, `${name}, all unfolded`, async () => {
    await page.getByRole('button', { name: 'Unfold all' }).click()
    await settled(page)
  })
  await perFrame(page, session, `${name}, unfolded, scrolled`, '', SCROLL)
  await page.getByRole('tab', { name: 'Graphs', exact: true }).click()
  await settled(page)
  await perFrame(page, session, `${name}, graph zoomed`, '', ZOOM)
}

const SCROLL = 'document.querySelector(".diagram-scroll").scrollTop += 120'
const ZOOM = `{
  const plot = document.querySelector(".graph-plot")
  const { left, top, width, height } = plot.getBoundingClientRect()
  const deltaY = frame % 60 < 30 ? -60 : 60
  plot.dispatchEvent(new WheelEvent("wheel", {
    deltaY, clientX: left + width / 2, clientY: top + height / 3, bubbles: true, cancelable: true,
  }))
}`

async function opened(browser: Browser, address: string, name: string): Promise<Page> {
  const context = await browser.newContext({ viewport: VIEWPORT })
  context.setDefaultTimeout(300_000)
  const page = await context.newPage()
  await page.goto(address)
  await settled(page)
  const [paint, ready] = await page.evaluate<[number, number]>(
    '[performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1, performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd]',
  )
  print(`${name}, first contentful paint`, `${paint.toFixed(0)} ms`)
  // Its script runs where it stands: what is there when the document has been read answers.
  print(`${name}, answers after`, `${ready.toFixed(0)} ms`)
  return page
}

async function measured(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return session
}

async function spent(session: CDPSession): Promise<number[]> {
  const { metrics } = await session.send('Performance.getMetrics')
  return MS.map((name) => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000)
}

/** Milliseconds of the main thread for each frame while `each` is done in every one. */
async function perFrame(
  page: Page,
  session: CDPSession,
  name: string,
  first: string,
  each: string,
): Promise<void> {
  const before = await spent(session)
  const wall = await page.evaluate<number>(`new Promise((done) => {
    ${first}
    const began = performance.now()
    let frame = 0
    const next = () => {
      ${each}
      if (++frame < ${FRAMES}) requestAnimationFrame(next)
      else requestAnimationFrame(() => done(performance.now() - began))
    }
    requestAnimationFrame(next)
  })`)
  const after = await spent(session)
  const [all, script, layout, style] = after.map((ms, i) => (ms - before[i]!) / FRAMES)
  const parts = `script ${show(script)}, layout ${show(layout)}, style ${show(style)}`
  print(
    name,
    `${show(all)} ms a frame (${parts}); ${((FRAMES * 1000) / wall).toFixed(0)} frames a second here`,
  )
}

async function timed(
  page: Page,
  session: CDPSession,
  name: string,
  body: () => Promise<void>,
): Promise<void> {
  const before = await spent(session)
  await body()
  await settled(page)
  const after = await spent(session)
  print(name, `${(after[0]! - before[0]!).toFixed(0)} ms`)
}

/** Until what was asked for has been drawn. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))',
  )
}

function show(ms = 0): string {
  return ms.toFixed(2)
}

function print(name: string, figure: string): void {
  console.log(`${name.padEnd(48)} ${figure}`)
}
