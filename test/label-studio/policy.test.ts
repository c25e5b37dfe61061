import { describeHostile } from '../policy/hostile.js'
import { describeRandom } from '../policy/random-run.js'
import { describeRealFields } from '../policy/real-fields.js'
import { describeRealRows } from '../policy/real-rows.js'
import { describeWalk } from '../policy/walk.js'
import { describeWebApplication } from '../policy/web-application.js'
import {
  type LabelStudioServer,
  release,
  startLabelStudio,
} from '../support/label-studio-server.js'

/** One for all: each makes projects and people of its own. */
let server: LabelStudioServer
const start = async () => ({ ...server, stop: async () => undefined })

beforeAll(async () => {
  server = await startLabelStudio()
})

afterAll(() => server?.stop())

describeWalk(`the policy in front of Label Studio Community ${release}`, start)
describeRealRows(`each row on Label Studio Community ${release} through the gate`, start)
describeRealFields(`fields of Label Studio Community ${release} through the gate`, start)
describeHostile(`attacks on Label Studio Community ${release} through the gate`, start)
describeRandom(`requests by chance to Label Studio Community ${release} through the gate`, start)
describeWebApplication('the web application of Community through the gate', start)
