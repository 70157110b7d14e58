/** The files for xplot are those of tcptrace, over the public captures, but for what docs/tcptrace-differences.md tells. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { type Comparison, compareWithTcptrace, PLOTS, type PlotName } from './tcptrace-plots.ts'

const FILES = join(FOLDER, 'files')
const hasTcptrace = spawnSync('tcptrace', ['--version']).error === undefined
const skip = !existsSync(FILES)
  ? `no captures in ${FILES}`
  : process.env.CI === 'true' || hasTcptrace
    ? false
    : 'tcptrace is not installed'

/** Octets of the files that are compared every time: the others take as long as all of these. Packed ones grow. */
const MOST_OCTETS = process.env.ELKO_EVERY_CAPTURE === '1' ? Number.POSITIVE_INFINITY : 150_000

/** Of the table: primitives by capture and plot; undefined: not compared. */
function toldDifferences(): Map<string, number> {
  const text = readFileSync(new URL('../../../docs/tcptrace-differences.md', import.meta.url), 'utf8')
  const rows = text.matchAll(/^\| (\S+-[0-9a-f]{8}) \| (\w+) \| (\d+) \| .+ \|$/gm)
  return new Map([...rows].map(([, capture, plot, count]) => [`${capture} ${plot}`, Number(count)]))
}

/** As the files of the captures are called before their own names: 'zeek-84c4ff63'. */
function shortName(file: string): string {
  return /^.*?-[0-9a-f]{8}(?=[-.]|$)/.exec(file)![0]
}

const isSmall = (file: string): boolean =>
  statSync(join(FILES, file)).size * (file.endsWith('.gz') ? 10 : 1) <= MOST_OCTETS

describe('files for xplot are those of tcptrace', { skip }, () => {
  const told = toldDifferences()
  const files = skip === false ? readdirSync(FILES).filter(isSmall) : []
  const found: Comparison[] = []

  for (const file of files) {
    const name = shortName(file)
    test(name, async () => {
      const comparison = await compareWithTcptrace(join(FILES, file))
      if (typeof comparison === 'string') {
        assert.equal(told.get(`${name} none`), 0, `tcptrace and this file: ${comparison}`)
        return
      }
      assert.equal(told.get(`${name} none`), undefined, 'it can be compared')
      found.push(comparison)
      for (const plot of Object.keys(PLOTS) as PlotName[]) {
        const lines: readonly string[] = comparison.differing[plot]
        assert.equal(
          lines.length,
          told.get(`${name} ${plot}`) ?? 0,
          `${plot}:\n${lines.slice(0, 20).join('\n')}`,
        )
      }
    })
  }

  test('each row of the table is of a capture, and much is compared', () => {
    const names = new Set(readdirSync(FILES).map(shortName))
    for (const row of told.keys()) assert.ok(names.has(row.split(' ')[0]!), row)
    const sum = (count: (one: Comparison) => number): number =>
      found.reduce((total, one) => total + count(one), 0)
    assert.ok(sum(({ compared }) => compared) > 1500)
    assert.ok(sum(({ primitives }) => primitives) > 90_000)
  })
})
