import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { describeWalk } from './walk.js'

describeWalk('the policy in front of the fake', () => startFakeLabelStudio({ mode: 'oss-new' }))
