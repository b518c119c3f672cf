// Package javatext writes and reads text, and narrows numbers, exactly as the Java class library does where Go's
// differs: Double.toString, Integer.parseInt, new BigDecimal(String), SimpleDateFormat, String.hashCode and the
// iteration order of HashMap. Kafka Connect's transforms and converters show these texts to users and put them into
// keys, so "nearly the same" is a different partition or a different document.
//
// The reference is OpenJDK 17, the Java that Kafka 3.9's images and most installations run, in UTC with the locale
// "en". The package knows nothing of schemas or records, and needs the standard library only.
package javatext
