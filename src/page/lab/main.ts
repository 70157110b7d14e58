/** The script of the lab's page. */

import { LAB_PLACE } from '../../lab/page-file.ts'
import { LabPage } from './lab-page.ts'

const place = document.getElementById(LAB_PLACE)
if (place !== null) new LabPage(place)
