import { describeWaysIn } from '../gate/ways-in.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeWaysIn(`ways into Label Studio Community ${release}`, startLabelStudio)
