# libresp_harden(<target>...): compiles and links the targets with flags that make a remaining bug hard to exploit.
# They are for resp-echo and the library in it, which read bytes from untrusted clients. The flags are private:
# programs that link the library do not get them.
#
# They are on in a Release build with LIBRESP_HARDEN. In other builds they are off: the fortified functions need
# optimisation, and they hide errors from the sanitizers.
include(CheckCXXCompilerFlag)
if(LIBRESP_HARDEN)
    check_cxx_compiler_flag(-fcf-protection=full LIBRESP_HAS_CF_PROTECTION) # only x86 has it
    check_cxx_compiler_flag(-fstack-clash-protection LIBRESP_HAS_STACK_CLASH_PROTECTION)
endif()

function(libresp_harden)
    if(NOT LIBRESP_HARDEN)
        return()
    endif()
    set(compile
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 # some compilers define a lower level by default
        -D_GLIBCXX_ASSERTIONS
        -fstack-protector-strong
        $<$<BOOL:${LIBRESP_HAS_STACK_CLASH_PROTECTION}>:-fstack-clash-protection>
        $<$<BOOL:${LIBRESP_HAS_CF_PROTECTION}>:-fcf-protection=full>
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>:-fPIE> # otherwise CMake adds -fPIC
    )
    set(link
        -Wl,-z,relro,-z,now
        -Wl,-z,noexecstack
        $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
    )
    foreach(target IN LISTS ARGN)
        target_compile_options(${target} PRIVATE "$<$<CONFIG:Release>:${compile}>")
        target_link_options(${target} PRIVATE
            "$<$<AND:$<CONFIG:Release>,$<PLATFORM_ID:Linux>>:${link}>")
    endforeach()
endfunction()
