import { describeHostile } from '../policy/hostile.js'
import { describeWalk } from '../policy/walk.js'
import { describeWebApplication } from '../policy/web-application.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeWalk('the policy in front of Label Studio Community 1.23.2', startLabelStudio)
describeHostile('attacks on Label Studio Community 1.23.2 through the gate', startLabelStudio)
describeWebApplication('the web application of Community through the gate', startLabelStudio)
