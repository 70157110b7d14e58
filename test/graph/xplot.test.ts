/**
 * xplot itself reads the files (Debian's xplot-xplot.org, on a display without a screen). It ends at the first line that it does
 * not understand and names it; a file that it understands stays open until somebody clicks. So the last file is one that it must
 * refuse, and nothing else may be complained of.
 */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { GRAPH_TYPES } from '../../src/graph/graph-svg.ts'
import { graphSeries } from '../../src/graph/series.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { connectionsIn } from '../../src/trace/connections.ts'

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0
const skip =
  process.env.CI === 'true' || (isThere('xplot.org') && isThere('Xvfb'))
    ? false
    : 'xplot.org or Xvfb is not installed'

const REFUSED = 'this is no primitive'

let display = ''

/** Not xvfb-run: it waits for a signal, for ever where Xvfb was ready sooner than it. */
async function openDisplay(): Promise<() => Promise<void>> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const closed = once(server, 'close')
  for await (const part of server.stdout.iterator({ destroyOnReturn: false })) {
    display += part
    if (display.endsWith('\n')) break
  }
  server.stdout.resume()
  assert.match(display, /^\d+\n$/, 'Xvfb did not start')
  display = `:${display.trim()}`
  return async () => {
    server.kill()
    await closed
  }
}

/** What xplot says of plots, before the one that it refuses. */
function complaints(plots: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'elko-xplot-'))
  try {
    const names = [...plots, `timeval double\n${REFUSED}\n`].map((text, k) => {
      const name = join(folder, `${k}.xpl`)
      writeFileSync(name, text)
      return name
    })
    const { status, stdout, stderr } = spawnSync('xplot.org', names, {
      encoding: 'utf8',
      env: { ...process.env, DISPLAY: display },
      // It would wait for a click where it took the last file.
      timeout: 300_000,
    })
    assert.equal(status, 1, stderr)
    const said = `${stdout}${stderr}`.trim()
    return said.endsWith(`in line number 2: input format error\noffending line: ${REFUSED}`)
      ? said.split('\n').slice(0, -2).join('\n')
      : said
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function plotsOf(scenario: string, type: (typeof GRAPH_TYPES)[number]): string[] {
  const { events, addresses } = runScenario(findScenario(scenario)!)
  const series = graphSeries(events, connectionsIn(events)[0]!)
  return ([0, 1] as const).map((side) => graphXpl(series, { type, side, addresses, epochUs: 1.6e15 }))
}

describe('xplot opens', { skip }, () => {
  let close = async (): Promise<void> => {}
  before(async () => {
    close = await openDisplay()
  })
  after(() => close())

  for (const type of GRAPH_TYPES) {
    test(type, () => {
      const scenarios = ['slow-start', 'zero-window', 'sequence-wrap', 'half-open', 'keep-alive']
      const plots = scenarios.flatMap((scenario) => plotsOf(scenario, type))
      assert.equal(complaints(plots), '')
    })
  }

  test('and names the line that it does not understand', () => {
    const [plot] = plotsOf('classic', 'time-sequence') as [string]
    const broken = plot.replace(/^uarrow/m, 'uarow')
    assert.notEqual(broken, plot)
    assert.match(complaints([plot, broken]), /input format error\noffending line: uarow /)
  })
})
