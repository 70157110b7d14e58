/** Our own scripts in Chromium: the same modules, the same verdicts and the same packets as in Node. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drill } from '../../src/drill/index.ts'
import { lacksBrowser, withPage } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }
const folder = fileURLToPath(new URL('../../../test/drill/', import.meta.url))
const scripts = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.pkt'))
  .sort()
  .map((name) => ({ name, text: readFileSync(`${folder}${name}`, 'latin1') }))

/** What a script gave: its verdict, and every octet that passed with its time. */
interface Given {
  readonly kind: string
  readonly packets: readonly (readonly [at: number, octets: readonly number[]])[]
}

test('a browser plays every script as Node does, to the last octet', skip, async () => {
  const inBrowser = await withPage(['drill'], (page) =>
    page.evaluate((given): Given[] => {
      const { drill: module } = globalThis as unknown as { drill: typeof import('../../src/drill/index.ts') }
      return given.map(({ name, text }) => {
        const { verdict, packets } = module.drill(text, name)
        return { kind: verdict.kind, packets: packets.map(({ at, octets }) => [at, [...octets]] as const) }
      })
    }, scripts),
  )
  assert.equal(inBrowser.length, scripts.length)
  for (const [i, { name, text }] of scripts.entries()) {
    const { verdict, packets } = drill(text, name)
    assert.equal(verdict.kind, 'passed', name)
    assert.equal(inBrowser[i]!.kind, 'passed', name)
    const here = packets.map(({ at, octets }) => [at, [...octets]] as const)
    assert.equal(digest(inBrowser[i]!.packets), digest(here), name)
  }
})

function digest(packets: Given['packets']): string {
  return createHash('sha256').update(JSON.stringify(packets)).digest('hex')
}

test('the public modules load in a browser', skip, async () => {
  const names = ['analyze', 'capture', 'diagram', 'drill', 'filter', 'print', 'sim']
  const loaded = await withPage(names, (page) =>
    page.evaluate((rooms) => {
      const modules = globalThis as unknown as Record<string, object>
      return Object.fromEntries(rooms.map((room) => [room, Object.keys(modules[room] ?? {}).length]))
    }, names),
  )
  for (const name of names) assert.ok(loaded[name]! > 0, name)
})
