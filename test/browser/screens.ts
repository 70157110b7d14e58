/**
 * Screenshots compared with those that a person has looked at: test/browser/screens/NAME.png. `npm run screens` writes them
 * anew (docs/decisions/0012-screenshots.md).
 */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import type { Locator, Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { indexedPng } from './indexed-png.ts'

const FOLDER = fileURLToPath(new URL('../../../test/browser/screens/', import.meta.url))
/** Where pictures of failures go. */
const SEEN = join(tmpdir(), 'elko-screens')
export const WRITES = process.env.ELKO_SCREENS === 'write'

/**
 * Colours further apart than this count, as a share of the distance of black and white as the eye has it (pixelmatch's
 * `threshold`): 53 of 255 levels of grey, which is a line a quarter of a pixel elsewhere.
 */
const COLOUR_TOLERANCE = 0.2
/** A tile may have so many pixels of another colour; a digit that is another has more. */
export const TILE_TOLERANCE = 12
/** The side of a tile, pixels: about a word. Scattered differences are noise, those side by side are a change. */
const TILE = 24
/** Levels of red, green and blue in the files: these compress well, and lie within the tolerance. */
const LEVELS = 16

export interface Difference {
  /** Pixels of another colour in the tile that has most of them. */
  readonly most: number
  /** Where that tile is: its left and its top, pixels. */
  readonly at: readonly [x: number, y: number]
  /** In all tiles. */
  readonly pixels: number
  readonly picture: PNG
}

/** How two pictures of one size differ. */
export function differenceOf(one: PNG, other: PNG): Difference {
  const { width, height } = one
  const picture = new PNG({ width, height })
  const pixels = pixelmatch(one.data, other.data, picture.data, width, height, {
    // pixelmatch would take a thin line for the edge of something, and not miss an arrow that is gone.
    ...{ threshold: COLOUR_TOLERANCE, includeAA: true, diffColor: [255, 0, 0] },
  })
  const columns = Math.ceil(width / TILE)
  const tiles = new Map<number, number>()
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red, green] = [picture.data[pixel * 4]!, picture.data[pixel * 4 + 1]!]
    if (red !== 255 || green !== 0) continue
    const tile = Math.floor(pixel / width / TILE) * columns + Math.floor((pixel % width) / TILE)
    tiles.set(tile, (tiles.get(tile) ?? 0) + 1)
  }
  let [worst, most] = [0, 0]
  for (const [tile, count] of tiles) if (count > most) [worst, most] = [tile, count]
  return { most, at: [(worst % columns) * TILE, Math.floor(worst / columns) * TILE], pixels, picture }
}

/** A picture of a page, or of a part of it, with nothing in it that moves. */
export async function shot(page: Page | Locator): Promise<PNG> {
  return PNG.sync.read(await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css' }))
}

/** Fails where the page looks otherwise than the picture of this name. With ELKO_SCREENS=write it becomes that picture. */
export async function assertLooks(name: string, page: Page | Locator): Promise<void> {
  const seen = await shot(page)
  const file = join(FOLDER, `${name}.png`)
  if (WRITES) {
    mkdirSync(FOLDER, { recursive: true })
    // Not where it is the same to the eye: who writes them anew has to look at those that changed.
    if (existsSync(file) && isSame(PNG.sync.read(readFileSync(file)), seen)) return
    writeFileSync(file, indexedPng(seen.width, seen.height, withFewColours(seen.data)))
    return
  }
  assert.ok(existsSync(file), `${name}: there is no ${file}; npm run screens writes it`)
  const known = PNG.sync.read(readFileSync(file))
  if (isSame(known, seen)) return
  mkdirSync(SEEN, { recursive: true })
  const [seenFile, differenceFile] = [join(SEEN, `${name}.png`), join(SEEN, `${name}.difference.png`)]
  writeFileSync(seenFile, PNG.sync.write(seen))
  const sizes = [known, seen].map(({ width, height }) => `${width} x ${height}`)
  if (sizes[0] !== sizes[1])
    assert.fail(`${name} is ${sizes[1]}, and was ${sizes[0]}: compare ${seenFile} with ${file}`)
  const { most, at, pixels, picture } = differenceOf(known, seen)
  writeFileSync(differenceFile, PNG.sync.write(picture))
  assert.fail(
    `${name} looks otherwise: ${pixels} pixels, ${most} of them in the tile at ${at.join(', ')}, where ${TILE_TOLERANCE} may. ` +
      `See ${differenceFile} and ${seenFile}; where it is meant so: npm run screens`,
  )
}

function isSame(known: PNG, seen: PNG): boolean {
  if (known.width !== seen.width || known.height !== seen.height) return false
  return differenceOf(known, seen).most <= TILE_TOLERANCE
}

function withFewColours(data: Uint8Array): Uint8Array {
  const step = 255 / (LEVELS - 1)
  return data.map((octet) => Math.round(Math.round(octet / step) * step))
}
