/** The HTML file of a connection, as `elko diagram`, `elko graph` and `elko states` write it with `-o FILE.html`. */

import { deflateSync } from 'node:zlib'
import { type ViewerConnection, viewerPage } from '../diagram/viewer-page.ts'
import { packPackets } from '../trace/packed-packets.ts'
import { builtPage } from './built-page.ts'
import type { Source } from './source.ts'

/** What a page of a source begins with. Of a capture, which knows nothing of applications, the overview. */
export function sourcePage(
  { events, addresses, title, banner, connection, left, isCapture, packetOf }: Source,
  first: Pick<ViewerConnection, 'tab' | 'graph' | 'look'>,
  still: string,
): string {
  const look = { view: isCapture ? 'overview' : 'full', ...first.look } as const
  const packets = packetOf === null ? undefined : packPackets(events, packetOf, deflateSync)
  return htmlPage(
    {
      ...{ events, addresses, title, banner, connection, left, ...first, look },
      ...(packets !== undefined && { packets }),
    },
    still,
  )
}

/**
 * @param still what is seen of it where no script runs: a picture as SVG
 * @throws InputError where the page's script has not been built
 */
export function htmlPage(connection: ViewerConnection, still: string): string {
  const [script, style] = [builtPage('viewer.js'), builtPage('viewer.css')]
  return viewerPage(connection, { script, style, still })
}
