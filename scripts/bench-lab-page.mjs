#!/usr/bin/env node
// How fast the lab's page is, in headless Chromium with software rendering: first paint on loopback, a run of 10,000 segments
// until it is seen, a jump of the cursor, and what a frame of the film costs.
//
//     npm run build && node scripts/bench-lab-page.mjs

import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { DEFAULT_LAB, LabRun, shareText } = await import(join(root, 'dist/src/lab/index.js'))

const [left, right] = DEFAULT_LAB.hosts
const line = { rateBitsPerSecond: 50e6 }
const config = {
  ...DEFAULT_LAB,
  hosts: [
    {
      ...left,
      program: 'connect\nsend 9M\nclose',
      tuning: { windowScaling: true, sendBufferBytes: 1 << 20 },
    },
    { ...right, tuning: { windowScaling: true, receiveBufferBytes: 1 << 20 } },
  ],
  paths: [{ ...line, loss: 0.001 }, line],
}

const JUMPS = `(() => {
  const scrubber = document.querySelector('.scrubber')
  const times = []
  for (let i = 0; i < 40; i++) {
    const begun = performance.now()
    scrubber.value = Math.floor((i * scrubber.max) / 40)
    scrubber.dispatchEvent(new Event('input'))
    document.body.getBoundingClientRect()
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[20].toFixed(1)
})()`

const FRAMES = `new Promise((resolve) => {
  const begun = performance.now()
  let frames = 0
  const next = () => {
    frames++
    if (performance.now() - begun < 3000) requestAnimationFrame(next)
    else resolve(frames)
  }
  requestAnimationFrame(next)
})`

const begun = performance.now()
const run = new LabRun(config)
run.advance()
const { length } = run.timeline()
const segments = run.trace.filter(({ kind }) => kind === 'sent').length
console.log(
  `run in Node: ${Math.round(performance.now() - begun)} ms, ${segments} segments, ${length} events`,
)

const server = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), 'lab'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => resolve(/http:\S+/.exec(text)[0]))
})
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
})
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.goto(url)
  await page.locator('.place', { hasText: / of [1-9]/ }).waitFor()
  const paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
  console.log(`first paint: ${Math.round(paint)} ms`)
  const asked = performance.now()
  await page.evaluate(`location.hash = '#${shareText(config)}'`)
  await page.locator('.place', { hasText: new RegExp(` of ${length}$`) }).waitFor()
  console.log(`run and drawn: ${Math.round(performance.now() - asked)} ms`)
  console.log(`a jump of the cursor: ${await page.evaluate(JUMPS)} ms (median of 40)`)
  for (const key of ['1', '2', '4']) await film(page, key)
} finally {
  await browser.close()
  server.kill('SIGTERM')
}

async function film(page, key) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000
  }
  await page.selectOption('.transport select', '1')
  await page.evaluate('document.activeElement.blur()')
  await page.keyboard.press(key)
  await page.keyboard.press('Home')
  const before = await spent()
  await page.keyboard.press(' ')
  const frames = await page.evaluate(FRAMES)
  await page.keyboard.press(' ')
  const each = ((await spent()) - before) / frames
  const tab = await page.getByRole('tab', { selected: true }).textContent()
  console.log(
    `film, ${tab}: ${Math.round(frames / 3)} frames a second, ${each.toFixed(1)} ms of the processor for each`,
  )
}
