import { describeWaysIn } from '../gate/ways-in.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeWaysIn('ways into Label Studio Community 1.23.2', startLabelStudio)
