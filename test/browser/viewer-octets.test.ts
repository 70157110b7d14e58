/** The octets of packets in an HTML file of a connection: unpacked in the page, field by field, and what of them is missing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagramOf } from '../../src/cli/diagram-forms.ts'
import { drawing } from '../../src/cli/output.ts'
import { resolveSource } from '../../src/cli/source.ts'
import { withFile } from './page.ts'
import { assertQuiet, details, diagram, SKIP, textOf, WINDOW } from './viewer-file.ts'

test('each arrow has its octets, linked with the fields of the header', SKIP, async () => {
  const source = await resolveSource(['classic'], { payload: '4' }, 1000, 'html')
  await withFile(diagramOf(source, 'html', drawing({})), WINDOW, async (page, misdeeds) => {
    const dump = page.locator('.details .octets')
    const shown = async (): Promise<string> =>
      (await textOf(dump))
        .split('\n')
        .map((row) => row.slice(6, 29).trim())
        .join(' ')
    const octetsOf = (place: number): string => {
      const event = source.events.filter(({ kind }) => kind === 'sent')[place]!
      assert.ok(event.kind === 'sent')
      return Buffer.from(source.packetOf!(event)!.octets)
        .toString('hex')
        .replace(/(..)(?=.)/g, '$1 ')
    }
    await diagram(page).focus()
    await page.evaluate("location.hash = '#frame-2'")
    await page.getByText('SYN,ACK from server to client').first().waitFor()
    await page.locator('.details summary', { hasText: 'Octets' }).click()
    await dump.waitFor()
    assert.equal(await shown(), octetsOf(1))
    assert.ok(!/not in this file/.test(await details(page)), 'it carries nothing')

    const named = page.locator('.octets-field')
    await dump.getByText('00 00 00 64', { exact: true }).hover()
    assert.equal(await textOf(named), 'Sequence number: 100 (octets 24 to 27)')
    assert.equal(await textOf(page.locator('.details dt.marked')), 'Sequence number')
    await page.locator('.details dt', { hasText: /^Window$/ }).hover()
    assert.deepEqual(await dump.locator('.marked').allTextContents(), ['ff ff', '..'])
    await dump.focus()
    await page.keyboard.press('ArrowRight')
    assert.match(await textOf(named), /^IP version and header length: 4, 20 octets \(octet 0\)$/)
    await page.keyboard.press('ArrowRight')
    assert.match(await textOf(named), /^DSCP and ECN/)
    await page.keyboard.press('ArrowLeft')
    assert.match(await textOf(named), /^IP version/)

    const data = source.events
      .filter(({ kind }) => kind === 'sent')
      .findIndex((event) => event.kind === 'sent' && event.segment.length > 4)
    const { length } = (
      source.events.filter(({ kind }) => kind === 'sent')[data] as { segment: { length: number } }
    ).segment
    await page.evaluate(`location.hash = '#frame-${data + 1}'`)
    await page.locator('.details dd', { hasText: new RegExp(`^${data + 1}$`) }).waitFor()
    assert.equal(await shown(), octetsOf(data), 'it stays open')
    assert.match(await details(page), new RegExp(`${length - 4} octets? of payload not in this file`))
    assertQuiet(misdeeds)
  })
})

test('a page of a list of events says that nobody has the octets', SKIP, async () => {
  const { packetOf: _, ...source } = await resolveSource(['classic'], {}, 1000, 'html')
  const page = diagramOf({ ...source, packetOf: null }, 'html', drawing({}))
  await withFile(page, { ...WINDOW, hash: 'frame-2' }, async (page, misdeeds) => {
    assert.match(await details(page), /Its octets are not recorded/)
    assertQuiet(misdeeds)
  })
})
