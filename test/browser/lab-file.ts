/** The lab in Chromium as who has the file sees it, and what its tests ask of it again and again. */

import { readFileSync } from 'node:fs'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { builtPage } from '../../src/cli/built-page.ts'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { labPageFile } from '../../src/lab/page-file.ts'
import { sharedConfig } from '../../src/lab/share.ts'
import './built-pages.ts'
import { type Misdeeds, withFile } from './page.ts'

export const WIDE = { width: 1400, height: 900 } as const

export function withLab<T>(
  options: BrowserContextOptions & { readonly hash?: string },
  body: (page: Page, misdeeds: Misdeeds) => Promise<T>,
): Promise<T> {
  const html = labPageFile({ script: builtPage('lab.js'), style: builtPage('lab.css') })
  return withFile(html, { viewport: WIDE, acceptDownloads: true, ...options }, async (page, misdeeds) => {
    await untilRun(page)
    return body(page, misdeeds)
  })
}

/** The run of a configuration as Node has it, at its end. */
export function finishedRun(config: LabConfig = DEFAULT_LAB): LabRun {
  const run = new LabRun(config)
  run.advance()
  return run
}

/** Where the first segment with text is sent, counted from 0. */
export function firstData(run: LabRun): number {
  return run.timeline().events.findIndex((event) => event.kind === 'sent' && event.segment.length > 0)
}

/** Until anything is shown. The page's policy forbids what `waitForFunction` does with text. */
export function untilRun(page: Page): Promise<void> {
  return page.locator('.place', { hasText: / of [1-9]/ }).waitFor()
}

/** Until the run that is shown has so many events. */
export function untilEvents(page: Page, count: number): Promise<void> {
  return page.locator('.place', { hasText: new RegExp(` of ${count}$`) }).waitFor()
}

/** Where the cursor is and how many events there are: '20 ms · event 5 of 85'. */
export async function placeOf(page: Page): Promise<{ readonly event: number; readonly events: number }> {
  const text = (await page.textContent('.place')) ?? ''
  const [, event, events] = /event (\d+) of (\d+)/.exec(text)!
  return { event: Number(event), events: Number(events) }
}

/** What the page would share: all that its run follows from. */
export async function configOf(page: Page): Promise<LabConfig> {
  await page.getByRole('button', { name: 'Share' }).click()
  const link = await page.getByLabel('Link').inputValue()
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  return sharedConfig(new URL(link).hash)
}

/** The cursor to an event, counted from 1 as the page does. */
export async function goTo(page: Page, event: number): Promise<void> {
  await page.evaluate(`{
    const scrubber = document.querySelector('.scrubber')
    scrubber.value = ${event - 1}
    scrubber.dispatchEvent(new Event('input'))
  }`)
}

/** Away from every field, so that keys mean the page. */
export async function leaveFields(page: Page): Promise<void> {
  await page.evaluate('document.activeElement?.blur()')
}

/** Every part of the side panel that can be closed is open. */
export async function openSections(page: Page): Promise<void> {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
}

/** As a file manager would: the file is dropped on the page. */
export async function drop(page: Page, name: string, octets: Uint8Array): Promise<void> {
  await page.evaluate(`{
    const data = new DataTransfer()
    data.items.add(new File([new Uint8Array([${[...octets].join(',')}])], ${JSON.stringify(name)}))
    dispatchEvent(new DragEvent('dragover', { dataTransfer: data, cancelable: true }))
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }))
  }`)
}

/** What the list of exports saves of this kind. */
export async function saved(
  page: Page,
  kind: string,
): Promise<{ readonly name: string; readonly octets: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.selectOption('[aria-label=Export]', kind),
  ])
  return { name: download.suggestedFilename(), octets: readFileSync(await download.path()) }
}
