/** Captures in Chromium: read, filtered, printed, drawn and diagnosed by the same modules, with the same outcome as in Node. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureDiagnoser } from '../../src/analyze/outside/capture-diagnoser.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { TcpdumpPrinter } from '../../src/print/tcpdump-line.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { lacksBrowser, withPage } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }

/** Captures of simulated connections of every kind, as plain octets: what `page.evaluate` can carry. */
const captures = SCENARIOS.map((scenario) => {
  const result = runScenario(scenario, {})
  return { name: scenario.name, octets: [...result.capture(result.hosts[0]!).octets] }
})

interface Read {
  readonly lines: readonly string[]
  readonly verdicts: readonly string[]
}

test('a browser prints and diagnoses every capture as Node does', skip, async () => {
  const inBrowser = await withPage(['analyze', 'capture', 'print'], (page) =>
    page.evaluate((given): Read[] => {
      interface Rooms {
        readonly analyze: typeof import('../../src/analyze/index.ts')
        readonly capture: typeof import('../../src/capture/index.ts')
        readonly print: typeof import('../../src/print/index.ts')
      }
      const { analyze, capture, print } = globalThis as unknown as Rooms
      return given.map(({ octets }) => {
        const printer = new print.TcpdumpPrinter({ verbose: 1 })
        const lines: string[] = []
        const diagnoser = new analyze.CaptureDiagnoser()
        const reader = new capture.CaptureReader((record) => {
          lines.push(printer.line(record))
          diagnoser.take(record)
        })
        reader.readWhole(new Uint8Array(octets))
        return { lines, verdicts: [...diagnoser.report().connections].map((each) => JSON.stringify(each)) }
      })
    }, captures),
  )
  for (const [k, { name, octets }] of captures.entries()) {
    const printer = new TcpdumpPrinter({ verbose: 1 })
    const lines: string[] = []
    const diagnoser = new CaptureDiagnoser()
    const reader = new CaptureReader((record) => {
      lines.push(printer.line(record))
      diagnoser.take(record)
    })
    reader.readWhole(new Uint8Array(octets))
    const verdicts = [...diagnoser.report().connections].map((each) => JSON.stringify(each))
    assert.ok(lines.length > 0, name)
    assert.deepEqual(inBrowser[k], { lines, verdicts }, name)
  }
})
