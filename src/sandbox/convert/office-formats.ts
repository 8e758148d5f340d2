import { essence } from '../media/reading/values.js';

/** How LibreOffice opens a format, and exports it. */
export interface OfficeFormat {
  /** The extension of the input. It does not have the name that the user gave it. */
  extension: string;
  /** The import filter. Without it, HTML that is named .docx is opened as HTML, and what it links is fetched. */
  filter: string;
  /** The module that exports the PDF. */
  module: 'writer' | 'calc' | 'impress' | 'draw';
}

const ooxml = 'application/vnd.openxmlformats-officedocument';
const odf = 'application/vnd.oasis.opendocument';
const utf8 = 76; // the number of the character set in filters of Calc

const text: OfficeFormat = { extension: 'txt', filter: 'Text (encoded):UTF8,LF,,,', module: 'writer' };
const word: OfficeFormat = { extension: 'docx', filter: 'MS Word 2007 XML', module: 'writer' };
const excel: OfficeFormat = { extension: 'xlsx', filter: 'Calc MS Excel 2007 XML', module: 'calc' };
const powerpoint: OfficeFormat = { extension: 'pptx', filter: 'Impress MS PowerPoint 2007 XML', module: 'impress' };

/**
 * By media type. Text is converted if it is prose or a table. Code is not, because an archive of it would keep the program busy for
 * hours.
 */
const formats = new Map<string, OfficeFormat>([
  ['text/plain', text],
  ['text/markdown', text],
  ['text/csv', { extension: 'csv', filter: `Text - txt - csv (StarCalc):44,34,${utf8},1`, module: 'calc' }],
  [
    'text/tab-separated-values',
    { extension: 'csv', filter: `Text - txt - csv (StarCalc):9,34,${utf8},1`, module: 'calc' },
  ],
  ['application/rtf', { extension: 'rtf', filter: 'Rich Text Format', module: 'writer' }],
  ['application/msword', { extension: 'doc', filter: 'MS Word 97', module: 'writer' }],
  ['application/vnd.ms-excel', { extension: 'xls', filter: 'MS Excel 97', module: 'calc' }],
  ['application/vnd.ms-powerpoint', { extension: 'ppt', filter: 'MS PowerPoint 97', module: 'impress' }],
  ...['wordprocessingml.document', 'wordprocessingml.template'].map((name): [string, OfficeFormat] => [
    `${ooxml}.${name}`,
    word,
  ]),
  ...['spreadsheetml.sheet', 'spreadsheetml.template'].map((name): [string, OfficeFormat] => [
    `${ooxml}.${name}`,
    excel,
  ]),
  ...['presentationml.presentation', 'presentationml.slideshow', 'presentationml.template'].map(
    (name): [string, OfficeFormat] => [`${ooxml}.${name}`, powerpoint],
  ),
  ['application/vnd.ms-word.document.macroenabled.12', word],
  ['application/vnd.ms-word.template.macroenabled.12', word],
  ['application/vnd.ms-excel.sheet.macroenabled.12', excel],
  ['application/vnd.ms-excel.template.macroenabled.12', excel],
  ['application/vnd.ms-powerpoint.presentation.macroenabled.12', powerpoint],
  ['application/vnd.ms-powerpoint.slideshow.macroenabled.12', powerpoint],
  ['application/vnd.ms-powerpoint.template.macroenabled.12', powerpoint],
  [`${odf}.text`, { extension: 'odt', filter: 'writer8', module: 'writer' }],
  [`${odf}.text-template`, { extension: 'odt', filter: 'writer8', module: 'writer' }],
  [`${odf}.spreadsheet`, { extension: 'ods', filter: 'calc8', module: 'calc' }],
  [`${odf}.spreadsheet-template`, { extension: 'ods', filter: 'calc8', module: 'calc' }],
  [`${odf}.presentation`, { extension: 'odp', filter: 'impress8', module: 'impress' }],
  [`${odf}.presentation-template`, { extension: 'odp', filter: 'impress8', module: 'impress' }],
]);

/** The format of files of a media type that a PDF can be made of. */
export function officeFormat(type: string): OfficeFormat | undefined {
  return formats.get(essence(type));
}
