/** The script of a page that `elko diagram -o FILE.html` writes: takes the page's data and draws it. */

import { DATA_ID, PLACE_ID, type ViewerData } from '../../diagram/viewer-page.ts'
import { unpackEvents } from '../../trace/packed-events.ts'
import { Viewer } from './viewer.ts'

const place = document.getElementById(PLACE_ID)
const text = document.getElementById(DATA_ID)?.textContent
if (place !== null && text !== null && text !== undefined) {
  const data = JSON.parse(text) as ViewerData
  new Viewer(place, data, unpackEvents(data.packed))
}
