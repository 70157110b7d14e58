/** The lab in Chromium, while what a test uses of it is noted. */

import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { finishedRun, firstData, goTo, openSections, withLab } from './lab-file.ts'
import { lacksBrowser, type Misdeeds } from './page.ts'
import { usedControls, watchControls } from './used-controls.ts'

export const skip = { skip: lacksBrowser, timeout: 900_000 }

/** By all tests of this process. */
export const used = new Set<string>()

/** The lab with every section open; what the test uses is noted. */
export function withControls(
  body: (page: Page, misdeeds: Misdeeds) => Promise<void>,
  options: Parameters<typeof withLab>[0] = {},
): Promise<void> {
  return withLab(options, async (page, misdeeds) => {
    await openSections(page)
    await watchControls(page)
    await body(page, misdeeds)
    for (const key of await usedControls(page)) used.add(key)
    assert.deepEqual(misdeeds.complaints, [])
  })
}

export const dialog = (page: Page): Locator => page.locator('dialog')
export const click = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()
export const closeDialog = (page: Page): Promise<void> => dialog(page).getByLabel('Close').click()
export const atFirstData = (page: Page): Promise<void> => goTo(page, firstData(finishedRun()) + 1)
