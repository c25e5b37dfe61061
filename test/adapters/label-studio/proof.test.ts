import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { describeProof } from './proof.js'

describeProof('the product in front of a fake Label Studio', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)
