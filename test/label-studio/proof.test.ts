import { describeProof } from '../adapters/label-studio/proof.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeProof('the product in front of Label Studio Community 1.23.2', startLabelStudio)
