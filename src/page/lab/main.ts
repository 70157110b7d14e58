/** The script of the lab's page. */

import { LabPage } from './lab-page.ts'

const place = document.getElementById('lab')
if (place !== null) new LabPage(place)
