// What an application does with the JavaScript client of dcmjs-org, on which OHIF stands: store, search, retrieve, render.
import { readFileSync } from "node:fs";
import dicomweb from "dicomweb-client";
import XMLHttpRequest from "xhr2";

globalThis.XMLHttpRequest = XMLHttpRequest;
const [url, file, studyInstanceUID, seriesInstanceUID, sopInstanceUID] = process.argv.slice(2);
const client = new dicomweb.api.DICOMwebClient({ url });
const uids = { studyInstanceUID, seriesInstanceUID, sopInstanceUID };
const dataset = new Uint8Array(readFileSync(file)).buffer;
const uid = (row, tag) => row[tag].Value[0];

await client.storeInstances({ datasets: [dataset] });
const found = {
  studies: (await client.searchForStudies()).map((row) => uid(row, "0020000D")),
  series: (await client.searchForSeries({ studyInstanceUID })).map((row) => uid(row, "0020000E")),
  instances: (await client.searchForInstances(uids)).map((row) => uid(row, "00080018")),
  metadata: (await client.retrieveSeriesMetadata(uids)).map((row) => uid(row, "00080018")),
  instance: (await client.retrieveInstance(uids)).byteLength,
  ofSeries: (await client.retrieveSeries(uids)).map((each) => each.byteLength),
  ofStudy: (await client.retrieveStudy(uids)).map((each) => each.byteLength),
  frames: (await client.retrieveInstanceFrames({ ...uids, frameNumbers: ["1"] })).map((each) => each.byteLength),
  rendered: !!(await client.retrieveInstanceRendered({ ...uids, mediaTypes: [{ mediaType: "image/jpeg" }] })),
};
console.log(JSON.stringify(found));
